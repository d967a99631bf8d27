"""The versions of a table that the catalog keeps: what each is, what made it, since when it is no longer current.

Here: reading the catalog's metadata alone, without manifests, data or an engine. Not here: which of them go
(`upkeep.expiry`), making one of them current again (`building.rollback`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stedi_assets.lakehouse.publication import ERASURE, RUN_ID, UPKEEP

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

_MAIN = "main"


@dataclass(frozen=True)
class Version:
    """One snapshot. Times are epoch ms.

    replaced_ms: when it stopped being what readers see; of one that they never saw, when it was made; of the current
        one None. rolled_back_ms: when it was last made current again. pins: branches and tags on it, without main.
    """

    snapshot_id: int
    made_ms: int
    rows: int
    bytes: int
    files: int
    schema_id: int | None
    was_published: bool
    is_current: bool
    replaced_ms: int | None
    rolled_back_ms: int | None
    pins: tuple[str, ...]
    summary: Mapping[str, str] = field(repr=False)

    @property
    def made_by(self) -> str:
        """What made it: upkeep, erasure, run, or another writer."""
        marks = {UPKEEP: "upkeep", ERASURE: "erasure", RUN_ID: "run"}
        return next((name for mark, name in marks.items() if mark in self.summary), "another writer")


def versions_of(table: "Table") -> list[Version]:
    """Every snapshot that is kept, the newest first."""
    current = table.current_snapshot()
    log = [(entry.snapshot_id, entry.timestamp_ms) for entry in table.metadata.snapshot_log]
    pins: dict[int, list[str]] = {}
    for name, ref in sorted(table.refs().items()):
        if name != _MAIN:
            pins.setdefault(ref.snapshot_id, []).append(name)
    newest_first = sorted(table.metadata.snapshots, key=lambda s: s.sequence_number or 0, reverse=True)
    return [
        _version(
            snapshot,
            log,
            is_current=current is not None and snapshot.snapshot_id == current.snapshot_id,
            pins=tuple(pins.get(snapshot.snapshot_id, ())),
        )
        for snapshot in newest_first
    ]


def version_before(versions: Sequence[Version]) -> Version | None:
    """What readers saw before the current version; one that upkeep rewrote has the rows of the one before it."""
    current = next((place for place, version in enumerate(versions) if version.is_current), len(versions))
    older = [version for version in versions[current:] if version.was_published]
    while older and UPKEEP in older[0].summary:
        older.pop(0)
    return older[1] if len(older) > 1 else None


def _version(snapshot: "Snapshot", log: Sequence[tuple[int, int]], is_current: bool, pins: tuple[str, ...]) -> Version:
    summary = dict(snapshot.summary.additional_properties) if snapshot.summary else {}
    places = [place for place, (snapshot_id, _) in enumerate(log) if snapshot_id == snapshot.snapshot_id]
    since = log[places[-1]][1] if places else snapshot.timestamp_ms
    following = log[places[-1] + 1][1] if places and places[-1] + 1 < len(log) else since
    return Version(
        snapshot_id=snapshot.snapshot_id,
        made_ms=snapshot.timestamp_ms,
        rows=int(summary.get("total-records", "0")),
        bytes=int(summary.get("total-files-size", "0")),
        files=int(summary.get("total-data-files", "0")),
        schema_id=snapshot.schema_id,
        was_published=bool(places),
        is_current=is_current,
        replaced_ms=None if is_current else following,
        rolled_back_ms=since if len(places) > 1 or since > snapshot.timestamp_ms else None,
        pins=pins,
        summary=summary,
    )
