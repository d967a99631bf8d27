"""A change of a table while it is put together.

Here: only that it costs no more where a table has had many versions. Not here: what is changed (`tables`, `catalog`,
`erasure`, `upkeep`), and telling the catalog (`committing`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Transaction
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _OverwriteFiles

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata


class Change(Transaction):
    """PyIceberg's transaction, which copies the table's metadata with every snapshot in it each time that it looks at
    them, some thirty times for a publication: here once for each update."""

    def __init__(self, table: "Table") -> None:
        super().__init__(table)
        self._looked_at: tuple[object, object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> "TableMetadata":
        base, updates = self._table.metadata, self._updates
        if self._looked_at is None or self._looked_at[0] is not base or self._looked_at[1] is not updates:
            self._looked_at = (base, updates, super().table_metadata)
        return self._looked_at[2]

    def swap(self, summary: Mapping[str, str], *, from_nothing: bool = False) -> "Swap":
        """A snapshot of main in which files go and files come, told what these are while it is entered.

        from_nothing: The current snapshot is not read; the new one has the added files alone.
        """
        first = self.table_metadata.current_snapshot() is None
        return (SwapAll if from_nothing else Swap)(
            operation=Operation.APPEND if first else Operation.OVERWRITE,
            transaction=self,
            io=self._table.io,
            snapshot_properties=dict(summary),
        )


class Swap(_OverwriteFiles):
    """PyIceberg's, which hands on, from snapshot to snapshot, the manifests that tell of nothing but files that went
    with an earlier one: one more with each publication, and all of them read each time. Here they stay behind."""

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        kept: list[ManifestFile] = super()._process_manifests(manifests)
        return [
            one
            for one in kept
            if one.has_added_files() or one.has_existing_files() or one.added_snapshot_id == self._snapshot_id
        ]


class SwapAll(Swap):
    """A swap of all files that reads no manifest of the snapshot before it, which is not its parent."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._parent_snapshot_id = None  # without a parent there are no totals to go on from, and no deleted entries

    def _existing_manifests(self) -> list[ManifestFile]:
        return []
