"""What of a source has been ingested: each object by key, ETag and size, with what its records came to.

Here: the manifest as it is kept, and how a listing differs from it. Not here: where manifests lie and which one holds
(`building.ingestion`), reading objects.

With it only what is new or changed is read again, and what was read before is still accounted for, byte by byte.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stedi_assets.landing.zone import LandedObject


@dataclass(frozen=True)
class Ingested:
    """One object as it was ingested.

    bytes: as listed. landed_bytes: as read. text_bytes: unpacked. objects: records that the census found in it.
    erased: of these, the dropped ones of erased people: where each begins, and the bytes that it accounts for.
    is_unreadable: whether the store could not return it; then it counts as one record.
    """

    key: str
    etag: str
    bytes: int
    landed_bytes: int
    text_bytes: int
    objects: int
    erased: tuple[tuple[int, int], ...] = ()
    is_unreadable: bool = False


class DamagedManifestError(ValueError):
    """The bytes of a manifest are damaged, or of another version: its source has to be read as a whole."""


@dataclass(frozen=True)
class Manifest:
    """What of one source is in the landing tables. Keys of objects can be personal: this is no metadata."""

    entries: Mapping[str, Ingested] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, ingested: Iterable[Ingested]) -> "Manifest":
        return cls({entry.key: entry for entry in ingested})

    def packed(self) -> bytes:
        """As it is kept: gzip of JSON, the same bytes for the same entries."""
        rows = [
            [e.key, e.etag, e.bytes, e.landed_bytes, e.text_bytes, e.objects, e.erased, e.is_unreadable]
            for _, e in sorted(self.entries.items())
        ]
        return gzip.compress(json.dumps(rows, separators=(",", ":")).encode(), mtime=0)

    @classmethod
    def unpacked(cls, content: bytes) -> "Manifest":
        """What `packed` has written. Raises DamagedManifestError."""
        try:
            return cls.of(
                Ingested(
                    key, etag, listed, landed, text, objects, tuple((o, size) for o, size in erased), is_unreadable
                )
                for key, etag, listed, landed, text, objects, erased, is_unreadable in json.loads(
                    gzip.decompress(content)
                )
            )
        except (OSError, EOFError, zlib.error, ValueError, TypeError):
            raise DamagedManifestError from None

    @property
    def unreadable(self) -> frozenset[str]:
        """The keys of the objects that the store could not return."""
        return frozenset(key for key, entry in self.entries.items() if entry.is_unreadable)

    def holds(self, landed: LandedObject) -> bool:
        """Whether it is ingested just as it is listed."""
        entry = self.entries.get(landed.key)
        return entry is not None and (entry.etag, entry.bytes) == (landed.etag, landed.bytes)


@dataclass(frozen=True)
class Changes:
    """How a listing of a source differs from its manifest.

    fresh: objects to read: new or rewritten ones. gone: keys whose rows go: of rewritten or deleted objects.
    kept: what was ingested and is as it was.
    """

    fresh: Sequence[LandedObject]
    gone: Collection[str]
    kept: Sequence[Ingested]

    @property
    def is_empty(self) -> bool:
        return not self.fresh and not self.gone


def changes(listed: Sequence[LandedObject], manifest: Manifest, again: Collection[str] = ()) -> Changes:
    """What has to be read, and whose rows have to go, for the tables to be what is listed.

    again: Keys of objects that are read again, though they are as they were listed then.
    """
    fresh = [landed for landed in listed if landed.key in again or not manifest.holds(landed)]
    unchanged = {landed.key for landed in listed} - {landed.key for landed in fresh}
    return Changes(
        fresh=fresh,
        gone=manifest.entries.keys() - unchanged,
        kept=[entry for key, entry in manifest.entries.items() if key in unchanged],
    )


def listing_digest(listed: Iterable[LandedObject], before: str = "") -> str:
    """Stands for these objects, in the listing's order: another one whenever one comes, goes or changes.

    `before` stands for the objects before them, so that a listing can be looked at in parts.
    """
    for landed in listed:
        told = json.dumps([before, landed.key, landed.etag, landed.bytes])
        before = hashlib.sha256(told.encode()).hexdigest()[:32]
    return before
