"""Many small files of a table become few: the same rows, in fewer objects.

Here: which files, having the engine rewrite them, and the commit. Published only if the rows' digest is what it was;
the snapshot keeps every fact of the one before it, so that whatever was computed from the table is as good as before.
"""

import math
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import parquet_files_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import find_table, never_retry
from stedi_assets.lakehouse.change import Change
from stedi_assets.lakehouse.digest import RowDigest, row_digest
from stedi_assets.lakehouse.field_ids import refuse_other_ids
from stedi_assets.lakehouse.objects import delete_objects
from stedi_assets.lakehouse.publication import OURS, RUN_ID, UPKEEP, PublicationRefusedError
from stedi_assets.lakehouse.snapshots import SnapshotFiles, current_of
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.writing import scratch_of, write_files

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import DataFrame

SMALL_BYTES = 32 * 1024 * 1024
# One more than an engine writes at once: a table that is written whole each time is left as it is.
FEWEST = 5
_TARGET_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Compaction:
    """What became of one table. Files and bytes are those of the published snapshot, before and after.

    digest: of its rows, which is the same before and after; None where nothing was rewritten.
    """

    table: str
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    rows: int = 0
    digest: RowDigest | None = None
    snapshot_id: int | None = None


def compact(tables: Tables, contract: Contract, run_id: str) -> Compaction:
    """Rewrites the table's small files if there are many of them. Raises PublicationRefusedError; then it is as it was.
    Raises CommitUnknownError; then both the small files and the new ones stay.

    Another engine's delete files, or files with other field ids than the table's, are refused as well: rewritten by
    the names of their columns, their rows would become others.
    """
    table = find_table(tables.catalog, contract)
    published = current_of(table) if table else None
    if table is None or published is None:
        return Compaction(contract.table)
    small = sorted(path for path, file in published.live.items() if file.file_size_in_bytes < SMALL_BYTES)
    if len(small) < FEWEST:
        return _unchanged(contract, published)
    if published.has_deletes:
        raise PublicationRefusedError(
            f"{contract.table} should have data files alone, and its published snapshot has delete files: rows would "
            "come back. It was left as it is; publish it again: stedi run"
        )
    refuse_other_ids(table.io, table.schema(), small)
    columns = tuple(table.schema().column_names)
    before = row_digest(_read(tables, table.schema(), [*published.live]), columns)
    folder = f"{table.location()}/data/{uuid.uuid4().hex}"
    try:
        written = _rewrite(tables, table, [published.live[path] for path in small], folder)
        kept = published.live.keys() - set(small)
        after = row_digest(_read(tables, table.schema(), [*kept, *written]), columns)
        if after != before:
            raise PublicationRefusedError(
                f"{contract.table} should have the rows {before} after its files were rewritten, and would have "
                f"{after}; it was left as it is: run again, and if it says so again, tell who maintains this"
            )
        refuse_other_ids(table.io, table.schema(), written)
    except BaseException:
        tables.delete_folder(folder)
        raise
    compacted = current_of(_publish(tables, table, published, small, written, run_id))
    assert compacted is not None
    was, now = _unchanged(contract, published), _unchanged(contract, compacted)
    return replace(
        was, files_after=now.files_after, bytes_after=now.bytes_after, digest=after, snapshot_id=compacted.id
    )


def _unchanged(contract: Contract, published: SnapshotFiles) -> Compaction:
    files, size = len(published.live), sum(file.file_size_in_bytes for file in published.live.values())
    rows = sum(file.record_count for file in published.live.values())
    return Compaction(contract.table, files, files, size, size, rows)


def _read(tables: Tables, schema: Schema, files: Sequence[str]) -> "DataFrame":
    """By the table's own schema: the contract may be ahead of what is published."""
    types = {field.name: str(field.field_type).replace("long", "bigint") for field in schema.fields}
    ddl = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    if not files:
        return tables.spark.createDataFrame([], ddl)
    return tables.spark.read.schema(ddl).parquet(*sorted(files))


def _rewrite(tables: Tables, table: "Table", small: Sequence[DataFile], folder: str) -> list[str]:
    size = sum(file.file_size_in_bytes for file in small)
    rows = _read(tables, table.schema(), [file.file_path for file in small])
    few = rows.coalesce(math.ceil(size / _TARGET_BYTES))  # plain files, no join: see `writing.write_files`
    schema = Schema(*table.schema().fields)
    return [*write_files(few, schema, folder, tables.s3, scratch_of(table.location()), tables.staging)]


def _publish(
    tables: Tables,
    table: "Table",
    published: SnapshotFiles,
    small: Collection[str],
    written: Sequence[str],
    run_id: str,
) -> "Table":
    """One commit that swaps the files. Where its answer is lost, they may be a snapshot's: they are left to upkeep."""
    facts = {name: value for name, value in published.summary.items() if name.startswith(OURS)}
    never_retry(table)
    transaction = Change(table)
    added = parquet_files_to_data_files(table.io, transaction.table_metadata, iter(written))
    summary = {**facts, RUN_ID: run_id, UPKEEP: "compaction"}
    with transaction.swap(summary) as overwrite:
        for path in small:
            overwrite.delete_data_file(published.live[path])
        for data_file in added:
            overwrite.append_data_file(data_file)
    try:
        return transaction.commit_transaction()
    except CommitFailedException:
        delete_objects(tables.s3, table.location(), written)
        raise PublicationRefusedError(
            f"{table.name()[-1]} was published by someone else while its files were rewritten; it was left as it is: "
            "run again"
        ) from None
