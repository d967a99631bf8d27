"""How a landing zone differs from what was ingested, found page by page: a walk that can stop and be taken up again.

Here: the walk and what it has found so far. Not here: what follows from that (`sensors.arrivals`).

Nothing is told by time: of several writes in one second each has its ETag. Nothing relies on the order of keys either,
which is the store's own: what is gone is told by what the walk met of the manifest, as a sum over it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stedi_assets.contracts import SOURCES
from stedi_assets.landing.manifest import Manifest, listing_digest
from stedi_assets.landing.zone import FOLDERS, LandedObject, Zone

_FOLDERS = tuple(FOLDERS)
_SUM = 2**256
NOTHING = Manifest()


@dataclass(frozen=True)
class Found:
    """What the walk has found of one source.

    listing: stands for all objects. fresh: stands for the new and the rewritten ones. met: stands for those of the
    manifest, in whatever order.
    """

    listing: str = ""
    fresh: str = ""
    met: str = "0"
    objects: int = 0
    new: int = 0
    rewritten: int = 0
    kept: int = 0

    def with_page(self, page: Sequence[LandedObject], manifest: Manifest) -> "Found":
        """With these objects, too."""
        known = [landed for landed in page if landed.key in manifest.entries]
        fresh = [landed for landed in page if not manifest.holds(landed)]
        kept = len(page) - len(fresh)
        return Found(
            listing=listing_digest(page, self.listing),
            fresh=listing_digest(fresh, self.fresh),
            met=_sum((landed.key for landed in known), self.met),
            objects=self.objects + len(page),
            new=self.new + len(page) - len(known),
            rewritten=self.rewritten + len(known) - kept,
            kept=self.kept + kept,
        )

    def gone(self, manifest: Manifest) -> int:
        """How many of the manifest's objects were not met."""
        return len(manifest.entries) - self.rewritten - self.kept

    def differs(self, manifest: Manifest) -> bool:
        return bool(self.new or self.rewritten or self.gone(manifest))


@dataclass(frozen=True)
class Walk:
    """How far the walk has come. base: stands for what the zone is compared with; of another base it starts anew.

    folder, after: where it goes on; the key is not kept with it, as it can be somebody's (`place`).
    """

    base: str = ""
    folder: int = 0
    after: str = field(default="", repr=False)
    found: Mapping[str, Found] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return self.folder == len(_FOLDERS)

    @property
    def objects(self) -> int:
        return sum(found.objects for found in self.found.values())

    @property
    def empty(self) -> list[str]:
        """The sources without an object."""
        return [source for source in SOURCES if not self.of(source).objects]

    def of(self, source: str) -> Found:
        return self.found.get(source, Found())

    def differences(self, manifests: Mapping[str, Manifest]) -> "Differences":
        """What is new, rewritten or gone, of all sources."""
        held = {source: manifests.get(source, NOTHING) for source in SOURCES}
        found = {source: self.of(source) for source in SOURCES}
        told = [[f.fresh, f.met, f.new, f.rewritten, f.gone(held[source])] for source, f in found.items()]
        return Differences(
            new=sum(f.new for f in found.values()),
            rewritten=sum(f.rewritten for f in found.values()),
            gone=sum(f.gone(held[source]) for source, f in found.items()),
            digest=hashlib.sha256(json.dumps([self.base, told]).encode()).hexdigest()[:32],
        )

    def as_json(self) -> str:
        """As it is kept between two ticks, without keys."""
        found = {source: vars(f) for source, f in self.found.items()}
        return json.dumps({"base": self.base, "folder": self.folder, "after": place(self.after), "found": found})

    @classmethod
    def of_json(cls, text: str, after: str) -> "Walk":
        """The walk that was kept, if `after` is the key that it came to; else a new one."""
        try:
            kept: dict[str, Any] = json.loads(text)
            found = {source: Found(**f) for source, f in kept["found"].items()}
            return cls(kept["base"], kept["folder"], after, found) if kept["after"] == place(after) else cls()
        except (ValueError, KeyError, TypeError, AttributeError):  # written by another version
            return cls()


@dataclass(frozen=True)
class Differences:
    """How many objects are new, rewritten or gone; the digest stands for exactly these."""

    new: int
    rewritten: int
    gone: int
    digest: str

    def __bool__(self) -> bool:
        return bool(self.new or self.rewritten or self.gone)

    def __str__(self) -> str:
        return f"{self.new:,} new, {self.rewritten:,} rewritten and {self.gone:,} deleted objects"


def place(after: str) -> str:
    """Stands for a key."""
    return hashlib.sha256(after.encode()).hexdigest()[:32] if after else ""


def go_on(
    walk: Walk,
    zone: Zone,
    manifests: Mapping[str, Manifest],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Walk:
    """The walk after this many seconds, or at its end. At least one page is looked at, so that it always goes on."""
    deadline = clock() + seconds
    while not walk.is_done:
        folder = _FOLDERS[walk.folder]
        source = FOLDERS[folder]
        page, after = zone.page(folder, walk.after)
        found = {**walk.found, source: walk.of(source).with_page(page, manifests.get(source, NOTHING))}
        walk = replace(walk, folder=walk.folder if after else walk.folder + 1, after=after, found=found)
        if clock() >= deadline:
            break
    return walk


def _sum(keys: Iterable[str], before: str) -> str:
    total = int(before, 16)
    for key in keys:
        total += int.from_bytes(hashlib.sha256(key.encode()).digest(), "big")
    return f"{total % _SUM:x}"
