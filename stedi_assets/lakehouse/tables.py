"""Write, audit, publish: the only code that changes what readers of a table see.

Here: staging a DataFrame beside a published table, reading what is staged or published, publishing it in one atomic
commit. Not here: what is checked in between (`audits`), Dagster (`io_manager`, `resource`).

A staged table is nothing but Parquet files in a folder of its own in the table's location: no snapshot, no branch, so
that a run that dies leaves the catalog as it was. Publication is one commit that swaps the files of main.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import parquet_files_to_data_files

from stedi_assets.contracts import CONTRACTS, Contract, contract_of
from stedi_assets.lakehouse.catalog import (
    bring_up_to_contract,
    find_or_create_table,
    find_table,
    published_table,
    schema_to_write,
)
from stedi_assets.lakehouse.change import Change
from stedi_assets.lakehouse.damage import damage_of, damaged_snapshots, naming_damage, scan_of
from stedi_assets.lakehouse.field_ids import refuse_other_ids
from stedi_assets.lakehouse.objects import delete_folder
from stedi_assets.lakehouse.publication import (
    LITTLE_BYTES,
    RUN_ID,
    UPSTREAM,
    DamagedTableError,
    NeverPublishedError,
    PublicationRefusedError,
    Published,
    Staged,
)
from stedi_assets.lakehouse.published import published_of, read_files, refuse_if_moved
from stedi_assets.lakehouse.side_by_side import for_each
from stedi_assets.lakehouse.writing import data_files, scratch_of, write_files

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot
    from pyspark.sql import DataFrame, SparkSession


@dataclass
class Tables:
    """The tables of one lakehouse, as one run sees them.

    loaded: The snapshots that the run has read so far.
    versions: What their rows follow from.
    rebuild: Whether all tables are built and published again, whatever is damaged in what is published.
    """

    catalog: Catalog
    spark: "SparkSession"
    s3: Any
    retention_days: int
    staging: str | None = None  # where the engine writes first, if it cannot write in a table's location
    rebuild: bool = False
    loaded: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    _unpublished: list[Staged] = field(default_factory=list)
    _seen: dict[int, Published] = field(default_factory=dict)
    _handles: "dict[str, Table]" = field(default_factory=dict)
    _planned: "dict[int, Sequence[DataFile]]" = field(default_factory=dict)
    _rows: "dict[tuple[str, ...], DataFrame]" = field(default_factory=dict)

    def published(self, contract: Contract) -> Published:
        """What every reader sees now. Raises NeverPublishedError, DamagedTableError."""
        table = self._handles[contract.table] = published_table(self.catalog, contract)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        # What a snapshot has never changes: it is looked up once, however often a run asks what is current.
        if snapshot.snapshot_id not in self._seen:
            if damage := damage_of(table):
                raise damage
            files = [data_file.file_path for data_file in self._files_of(table, snapshot)]
            self._seen[snapshot.snapshot_id] = published_of(table, contract, snapshot, files)
        return self._seen[snapshot.snapshot_id]

    def find_published(self, contract: Contract) -> Published | None:
        """The same, None for a table that was never published, and for a damaged one that is built again."""
        try:
            return self.published(contract)
        except NeverPublishedError:
            return None
        except DamagedTableError:
            if not self.rebuild:
                raise
            return None

    def read(self, contract: Contract) -> "DataFrame":
        """The published snapshot as a DataFrame, and until the run ends no other one than that: what is computed from
        it knows what it was computed from, and is refused when it is to be published if others have published since.

        Raises NeverPublishedError.
        """
        read_before = self.loaded.get(contract.table)
        published = self.published(contract) if read_before is None else self._seen[read_before]
        self.loaded[contract.table] = published.snapshot_id
        self.versions[contract.table] = published.version
        return self.rows(contract, published.files)

    def rows(self, contract: Contract, files: Sequence[str]) -> "DataFrame":
        """These data files with the contract's columns: for the same files the same DataFrame, by which what follows
        from them is known again."""
        key = (contract.table, *sorted(files))
        if key not in self._rows:
            self._rows[key] = read_files(self.spark, contract, files)
        return self._rows[key]

    def read_published(self, contract: Contract, published: Published) -> "DataFrame":
        """The rows of this snapshot, with the schema that its files have."""
        return self._read(contract, published.files)

    def every_file(self, contract: Contract) -> list[str]:
        """Every data file below the table's location, of whatever snapshot, or of none."""
        table = find_table(self.catalog, contract)
        return sorted(data_files(self.s3, f"{table.location()}/data")) if table else []

    def scratch(self) -> list[str]:
        """The folders where an engine may have left tables of its own."""
        found = (find_table(self.catalog, contract) for contract in CONTRACTS)
        return sorted({scratch_of(table.location()) for table in found if table})

    def stage(
        self, rows: "DataFrame", contract: Contract, upstream: tuple[str, ...] = (), kept: Sequence[str] = ()
    ) -> Staged:
        """Writes the rows beside the published table. `upstream` names the tables read to compute them; `kept` the
        files of the published snapshot that stay in the table, which has the contract's schema then.

        Every call writes to a folder of its own: a step that is tried again never writes over its first try.
        """
        # As it was looked at last: if it has moved since, the publication is refused.
        table = self._handles.pop(contract.table, None)
        table = table or find_or_create_table(self.catalog, contract, self.retention_days)
        current = table.current_snapshot()
        folder = f"{table.location()}/data/{uuid.uuid4().hex}"
        staged = Staged(
            contract=contract,
            folder=folder,
            base_snapshot_id=current.snapshot_id if current else None,
            upstream={name: self.loaded[name] for name in upstream},
            kept=tuple(kept),
        )
        self._unpublished.append(staged)
        schema = schema_to_write(table, contract, self.retention_days)
        scratch = scratch_of(table.location())
        made_from = sum(self._seen[snapshot_id].bytes for snapshot_id in staged.upstream.values())
        # Beside what is kept comes little. Every query that names the table opens each of its files.
        in_one_file = bool(kept) or (bool(upstream) and made_from < LITTLE_BYTES)
        rows = rows.select(*contract.column_names)
        written = write_files(rows, schema, folder, self.s3, scratch, self.staging, in_one_file)
        staged.files, staged.bytes = tuple(written), sum(written.values())
        staged.is_little = not kept and made_from + staged.bytes < LITTLE_BYTES
        return staged

    def read_staged(self, staged: Staged) -> "DataFrame":
        """Exactly the files that the table is to have, with the schema that the staged ones have."""
        return self._read(staged.contract, (*staged.files, *staged.kept))

    def read_new(self, staged: Staged) -> "DataFrame":
        """Exactly the files that were staged, with the schema that they have."""
        return self._read(staged.contract, staged.files)

    def publish(self, staged: Staged, run_id: str, facts: Mapping[str, str] | None = None) -> Published:
        """Makes the staged files the table, in one commit. Raises PublicationRefusedError; then nothing changed. Raises
        CommitUnknownError where the catalog does not answer; then nothing is deleted of what was staged.

        `facts` are kept in the snapshot's summary beside the staged table's own, the run id and the upstream snapshots.
        """
        contract = staged.contract
        table = self.refuse_if_stale(staged)
        transaction = Change(table)
        bring_up_to_contract(transaction, contract, self.retention_days)
        upstream = json.dumps(dict(staged.upstream), sort_keys=True)
        summary = {RUN_ID: run_id, UPSTREAM: upstream, **staged.facts, **(facts or {})}
        present = self._replaceable(table)
        if not {data_file.file_path for data_file in present or ()}.issuperset(staged.kept):
            raise PublicationRefusedError(
                f"{contract.table} was to keep files that it has no more; nothing was published: run again"
            )
        replaced = [data_file for data_file in present or () if data_file.file_path not in staged.kept]
        refuse_other_ids(table.io, transaction.table_metadata.schema(), staged.files)
        added = parquet_files_to_data_files(table.io, transaction.table_metadata, iter(staged.files))
        with transaction.swap(summary, from_nothing=present is None) as overwrite:
            for data_file in replaced:
                overwrite.delete_data_file(data_file)
            # Beside what is kept, a file without rows is of no use.
            appended = [data_file for data_file in added if data_file.record_count or not staged.kept]
            for data_file in appended:
                overwrite.append_data_file(data_file)
        # From here on the files may be a snapshot's: where the catalog's answer is lost, they must not be deleted.
        self._unpublished.remove(staged)
        try:
            committed = transaction.commit_transaction()
        except CommitFailedException:
            self._unpublished.append(staged)
            raise PublicationRefusedError(
                f"{contract.table} was published by someone else while this run audited its own version; "
                "nothing was published: run again"
            ) from None
        # Not the current one: where the answer was lost and was looked for, others may have published since.
        snapshot = committed.snapshot_by_id(overwrite.snapshot_id)
        published = published_of(committed, contract, snapshot, [*staged.kept, *(one.file_path for one in appended)])
        self.loaded[contract.table], self.versions[contract.table] = published.snapshot_id, published.version
        self._seen[published.snapshot_id] = published
        return published

    def refuse_if_stale(self, staged: Staged) -> "Table":
        """The table to publish to. Raises PublicationRefusedError if it, or what the rows came from, has moved."""
        contract = staged.contract
        expected = {**staged.upstream, contract.table: staged.base_snapshot_id}
        found = for_each(expected, lambda name: find_table(self.catalog, contract_of(name)), "looking up a table")
        for (name, snapshot_id), table in zip(expected.items(), found, strict=True):
            refuse_if_moved(name, snapshot_id, table, contract.table)
        return found[-1] or find_or_create_table(self.catalog, contract, self.retention_days)

    def discard_unpublished(self) -> None:
        """Deletes what was staged and not published: the end of every run, however it ends."""
        while self._unpublished:
            self.delete_folder(self._unpublished.pop().folder)

    def delete_folder(self, folder: str) -> None:
        """Deletes every object below a folder that no snapshot refers to. Raises ObjectsNotDeletedError."""
        delete_folder(self.s3, folder)

    def naming_damage(self) -> AbstractContextManager[None]:
        """Raise DamagedTableError in place of an error that an object of a table caused, of a kept snapshot, too."""
        return naming_damage(lambda: next(self._damages(contents=True), None))

    def refuse_damaged(self) -> None:
        """Raise DamagedTableError where an object of a kept snapshot is missing, or a manifest damaged."""
        if damage := next(self._damages(contents=False), None):
            raise damage

    def _damages(self, *, contents: bool) -> Iterator[DamagedTableError]:
        for contract in CONTRACTS:
            if table := find_table(self.catalog, contract):
                yield from damaged_snapshots(table, reversed(table.snapshots()), contents=contents)

    def _replaceable(self, table: "Table") -> "Sequence[DataFile] | None":
        """The data files of the current snapshot; None where they cannot be known and everything is built again."""
        try:
            return self._files_of(table, table.current_snapshot())
        except DamagedTableError:
            if not self.rebuild:
                raise
            return None

    def _files_of(self, table: "Table", snapshot: "Snapshot | None") -> "Sequence[DataFile]":
        """The data files of a snapshot, as its manifests have them."""
        if snapshot is None:
            return ()
        if snapshot.snapshot_id not in self._planned:
            tasks = scan_of(table, snapshot.snapshot_id).plan_files()
            self._planned[snapshot.snapshot_id] = tuple(task.file for task in tasks)
        return self._planned[snapshot.snapshot_id]

    def _read(self, contract: Contract, files: Sequence[str]) -> "DataFrame":
        if not files:
            return self.spark.createDataFrame([], contract.ddl)
        return self.spark.read.parquet(*files)
