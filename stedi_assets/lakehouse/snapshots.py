"""What each snapshot of a table refers to: files that it reads, and files that its manifests still name.

Here: reading manifests. Not here: reading data files, and whoever changes what is referred to (`tables`, `erasure`,
`upkeep`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyiceberg.manifest import DataFile, DataFileContent, ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from stedi_assets.lakehouse.damage import damaged_snapshots, naming_damage


@dataclass(frozen=True)
class SnapshotFiles:
    """A snapshot and the entries of its manifests, by manifest."""

    snapshot: Snapshot
    manifests: Mapping[str, tuple[ManifestEntry, ...]]

    @property
    def id(self) -> int:
        return self.snapshot.snapshot_id

    @cached_property
    def summary(self) -> Mapping[str, str]:
        return dict(self.snapshot.summary.additional_properties) if self.snapshot.summary else {}

    @cached_property
    def live(self) -> Mapping[str, DataFile]:
        """The files that a reader of the snapshot reads, by path."""
        return {entry.data_file.file_path: entry.data_file for entry in self.entries() if is_live(entry)}

    @cached_property
    def named(self) -> frozenset[str]:
        """Every file that its manifests name, also as deleted: there, too, stand column bounds."""
        return frozenset(entry.data_file.file_path for entry in self.entries())

    @property
    def referenced(self) -> frozenset[str]:
        """Every object that it takes to read the snapshot."""
        return frozenset({self.snapshot.manifest_list, *self.manifests, *self.live})

    @property
    def has_deletes(self) -> bool:
        """Whether it takes rows out of its data files by delete files: nothing here writes such."""
        return any(is_live(entry) and entry.data_file.content != DataFileContent.DATA for entry in self.entries())

    def entries(self) -> Iterator[ManifestEntry]:
        return (entry for entries in self.manifests.values() for entry in entries)


def is_live(entry: ManifestEntry) -> bool:
    return entry.status != ManifestEntryStatus.DELETED


def snapshots_of(table: Table) -> list[SnapshotFiles]:
    """Every snapshot in the table's metadata, whether a branch or tag leads to it or not."""
    entries: dict[str, tuple[ManifestEntry, ...]] = {}
    return [_files_of(snapshot, table, entries) for snapshot in table.metadata.snapshots]


def current_of(table: Table) -> SnapshotFiles | None:
    """The published snapshot alone, None for a table that was never published."""
    snapshot = table.current_snapshot()
    return _files_of(snapshot, table, {}) if snapshot else None


def missing_of(history: Sequence[SnapshotFiles], objects: Collection[str]) -> tuple[int, list[str]] | None:
    """The first snapshot with a file that is not among the objects, and its files that are not.

    An object that is not listed under the very name that a snapshot has for it would be taken for unreferenced.
    """
    for snapshot in history:
        if missing := sorted(snapshot.referenced.difference(objects)):
            return snapshot.id, missing
    return None


def is_unreferenced(uri: str, location: str, referenced: Collection[str]) -> bool:
    """Whether an object below a table's location is of a kind that snapshots refer to, and none does."""
    is_metadata = uri.startswith(f"{location}/metadata/") and uri.endswith(".avro")
    return (is_metadata or uri.startswith(f"{location}/data/")) and uri not in referenced


def _files_of(snapshot: Snapshot, table: Table, entries: dict[str, tuple[ManifestEntry, ...]]) -> SnapshotFiles:
    """`entries` are those of the manifests read so far: snapshots share most of theirs. Raises DamagedTableError."""
    with naming_damage(lambda: next(damaged_snapshots(table, [snapshot]), None)):
        manifests = snapshot.manifests(table.io)
        for manifest in manifests:
            if manifest.manifest_path not in entries:
                found = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
                entries[manifest.manifest_path] = tuple(found)
    return SnapshotFiles(snapshot, {manifest.manifest_path: entries[manifest.manifest_path] for manifest in manifests})
