"""What is published in place of a snapshot that has rows to go.

Here: its files written again, and a new snapshot whose manifests name nothing else. Not here: which files, the commit,
and what becomes of older snapshots (`history`).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyiceberg.io.pyarrow import parquet_files_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from stedi_assets.erasure.data_files import ErasedRows, rewrite_without
from stedi_assets.lakehouse.change import Change
from stedi_assets.lakehouse.publication import OF_THESE_ROWS, OURS
from stedi_assets.lakehouse.snapshots import SnapshotFiles, is_live


@dataclass(frozen=True)
class Replacement:
    """The files that were written, and the snapshots that the new one was made by way of: nobody is to keep these."""

    written: tuple[str, ...] = ()
    intermediate: tuple[int, ...] = ()


def publish_without(
    table: Table,
    transaction: Change,
    published: SnapshotFiles,
    affected: Mapping[str, int],
    columns: Sequence[str],
    erased: ErasedRows,
    facts: Mapping[str, str],
) -> Replacement:
    """Adds to the transaction a snapshot whose manifests name no affected file.

    `affected` tells how many rows of a file are to go; one that loses all is not written again. The summary is that
    of the published snapshot, as far as it is ours and true of what is left, with the `facts`.
    """
    ours = {name: value for name, value in published.summary.items() if name.startswith(OURS)}
    carried = {name: value for name, value in ours.items() if name not in OF_THESE_ROWS}
    summary = {**carried, **facts}
    replaced = [data_file for path, data_file in published.live.items() if path in affected]
    rewritten = [data_file for data_file in replaced if affected[data_file.file_path] < data_file.record_count]
    folder = f"{table.location()}/data/{uuid.uuid4().hex}"
    written = {f"{folder}/part-{number:05}.parquet": file.file_path for number, file in enumerate(rewritten)}
    for target, path in written.items():
        rewrite_without(table.io, path, target, columns, erased)
    moved = _beside_deleted(published, affected)
    intermediate = []
    if replaced or moved:
        added = parquet_files_to_data_files(table.io, transaction.table_metadata, iter(written))
        with transaction.swap(summary) as overwrite:
            for data_file in (*replaced, *moved):
                overwrite.delete_data_file(data_file)
            for data_file in (*added, *moved):
                overwrite.append_data_file(data_file)
        intermediate.append(overwrite.snapshot_id)
    # A swap names what it deletes, bounds included. An append leaves out manifests that name deleted files alone; this
    # one does nothing else.
    with transaction.update_snapshot(snapshot_properties=summary).fast_append():
        pass
    return Replacement(tuple(written), tuple(intermediate))


def _beside_deleted(published: SnapshotFiles, affected: Mapping[str, int]) -> list[DataFile]:
    """Files that stay, of manifests that name an affected one as deleted: other engines write such manifests."""
    return [
        entry.data_file
        for entries in published.manifests.values()
        if any(not is_live(entry) and entry.data_file.file_path in affected for entry in entries)
        for entry in entries
        if is_live(entry) and entry.data_file.file_path not in affected
    ]
