"""Rows vanish from a table: from what readers see, from its history, and from the store.

Here: what becomes of files, snapshots, branches and tags, in an order that a run which dies leaves for the next one to
finish. Not here: whose rows, and the home's lock (the caller's), Parquet (`data_files`), reading manifests
(`snapshots`), the snapshot that is published instead (`replacement`).

The catalog changes in one commit: the files written again without the rows become the table, and every snapshot that
had the rows goes, with the branches and tags that pin it. Objects are deleted after it, by what is still referred to
then. A run that died before the commit leaves unreferenced copies, one that died after it leaves unreferenced
originals: the next run deletes both.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from stedi_assets.contracts import Contract
from stedi_assets.erasure.data_files import ErasedRows, count_erased
from stedi_assets.erasure.replacement import Replacement, publish_without
from stedi_assets.lakehouse.catalog import find_table, never_retry
from stedi_assets.lakehouse.change import Change
from stedi_assets.lakehouse.objects import abort_uploads, delete_objects, table_objects
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.snapshots import SnapshotFiles, is_unreferenced, missing_of, snapshots_of

IsForeign = Callable[[Mapping[str, str]], bool]


class NotErasableError(RuntimeError):
    """The table is laid out in a way that nothing here writes. No object was deleted."""


@dataclass(frozen=True)
class TableReceipt:
    """What was erased from one table.

    `rows_removed`: from the published snapshot. `refs_removed`: branches and tags. `snapshot_id`, `rows`: what is
    published afterwards.
    """

    table: str
    rows_removed: int = 0
    snapshots_removed: tuple[int, ...] = ()
    refs_removed: tuple[str, ...] = ()
    files_deleted: int = 0
    snapshot_before: int | None = None
    snapshot_id: int | None = None
    rows: int | None = None


def never(_summary: Mapping[str, str]) -> bool:
    """No snapshot is foreign."""
    return False


def erase_from_table(
    catalog: Catalog,
    s3: Any,
    contract: Contract,
    columns: Sequence[str],
    erased: ErasedRows,
    facts: Mapping[str, str],
    is_foreign: IsForeign = never,
) -> TableReceipt:
    """Makes the erased rows vanish from the table. The caller holds the home's lock: nothing is staged meanwhile.

    `columns` are those that `erased` judges by. Of a snapshot whose summary `is_foreign`, no row can be judged: all
    count as erased. `facts` are kept in the summary of the new snapshot, if one is needed. Called again, it finds
    nothing to do, or finishes what was begun. Raises PublicationRefusedError, CommitUnknownError, NotErasableError,
    RewrittenFileError.
    """
    table = find_table(catalog, contract)
    if table is None:
        return TableReceipt(contract.table)
    objects = table_objects(s3, table.location())
    history = snapshots_of(table)
    _refuse_if_not_erasable(table, history, objects)
    affected = _affected_files(table, history, objects, columns, erased, is_foreign)
    gone = [snapshot for snapshot in history if affected.keys() & snapshot.named]
    gone_ids = {snapshot.id for snapshot in gone}
    pins = tuple(
        sorted(name for name, ref in table.refs().items() if name != MAIN_BRANCH and ref.snapshot_id in gone_ids)
    )
    before = _published(table, history)
    if gone:
        transaction = Change(table)
        replacement = Replacement()
        if before in gone:
            replacement = publish_without(table, transaction, before, affected, columns, erased, facts)
        _remove(transaction, pins, [*gone_ids, *replacement.intermediate])
        _commit(table, transaction, contract, s3, replacement.written)
        table = catalog.load_table(table.name())
        history = snapshots_of(table)
    after = _published(table, history)
    return TableReceipt(
        table=contract.table,
        rows_removed=sum(affected.get(path, 0) for path in before.live) if before else 0,
        snapshots_removed=tuple(snapshot.id for snapshot in gone),
        refs_removed=pins,
        files_deleted=_delete_unreferenced(s3, table, history, affected),
        snapshot_before=before.id if before else None,
        snapshot_id=after.id if after else None,
        rows=sum(data_file.record_count for data_file in after.live.values()) if after else None,
    )


def _published(table: Table, history: Sequence[SnapshotFiles]) -> SnapshotFiles | None:
    current = table.current_snapshot()
    return next((snapshot for snapshot in history if current and snapshot.id == current.snapshot_id), None)


def _refuse_if_not_erasable(table: Table, history: Sequence[SnapshotFiles], objects: Collection[str]) -> None:
    if found := missing_of(history, objects):
        snapshot_id, missing = found
        raise NotErasableError(
            f"snapshot {snapshot_id} should have all of its files below {table.location()}; {len(missing)} are "
            f"not there, such as {missing[0]}. Nothing was deleted; build the tables again: stedi run --full"
        )
    published = _published(table, history)
    if published and published.has_deletes:
        raise NotErasableError(
            f"{table.location()} should have data files alone, and its published snapshot {published.id} has delete "
            "files: rows would come back. Nothing was deleted; publish the table again: stedi run"
        )


def _affected_files(
    table: Table,
    history: Sequence[SnapshotFiles],
    objects: Collection[str],
    columns: Sequence[str],
    erased: ErasedRows,
    is_foreign: IsForeign,
) -> dict[str, int]:
    """The files that no manifest may name any more, with the number of their rows to go.

    Read by their own schema: files without field ids may be of columns that the name mapping no longer covers.
    """
    rows: dict[str, int] = {}
    for snapshot in history:
        if is_foreign(snapshot.summary):
            rows.update({path: data_file.record_count for path, data_file in snapshot.live.items()})
    named = {path for snapshot in history for path in snapshot.named}
    for path in sorted(named.difference(rows).intersection(objects)):
        rows[path] = count_erased(table.io, path, columns, erased)
    affected = {path: count for path, count in rows.items() if count}
    # A file that no snapshot reads may be gone, and then only its bounds are left, which may be of anyone.
    live = {path for snapshot in history for path in snapshot.live}
    judging = {
        field.field_id for schema in table.schemas().values() for field in schema.fields if field.name in columns
    }
    for entry in (entry for snapshot in history for entry in snapshot.entries()):
        if entry.data_file.file_path not in live and judging & _bounded(entry.data_file):
            affected.setdefault(entry.data_file.file_path, 0)
    return affected


def _bounded(data_file: DataFile) -> set[int]:
    return {*(data_file.lower_bounds or ()), *(data_file.upper_bounds or ())}


def _remove(transaction: Transaction, pins: Sequence[str], snapshot_ids: list[int]) -> None:
    """Adds to the transaction that the branches, tags and snapshots go. It refuses those that something pins."""
    with ManageSnapshots(transaction) as references:
        for name in pins:
            references.remove_branch(name)  # a tag as well: the catalog knows one removal for both
    ExpireSnapshots(transaction).by_ids(snapshot_ids).commit()


def _commit(table: Table, transaction: Transaction, contract: Contract, s3: Any, written: Sequence[str]) -> None:
    never_retry(table)
    try:
        transaction.commit_transaction()
    except CommitFailedException:
        delete_objects(s3, table.location(), written)
        raise PublicationRefusedError(
            f"{contract.table} was published by someone else while rows were erased from it; nothing was changed: "
            "run again"
        ) from None


def _delete_unreferenced(s3: Any, table: Table, history: Sequence[SnapshotFiles], affected: Collection[str]) -> int:
    """Deletes what no snapshot needs, whoever left it there; metadata files stay. Returns the number of objects."""
    location, objects = table.location(), table_objects(s3, table.location())
    _refuse_if_not_erasable(table, history, objects)
    if left := [snapshot.id for snapshot in history if not snapshot.named.isdisjoint(affected)]:
        raise PublicationRefusedError(f"{location} changed while rows were erased from it: snapshots {left}; run again")
    referenced = {path for snapshot in history for path in snapshot.referenced}
    unreferenced = [uri for uri in objects if is_unreferenced(uri, location, referenced)]
    delete_objects(s3, location, unreferenced)
    abort_uploads(s3, f"{location}/data")
    return len(unreferenced)
