"""Find the object that keeps a snapshot of a table from being read, and report it in one sentence.

Contains the search (by a listing, by the manifests, by reading data files) and a scan that reports what it finds. For
the repair of a table see `upkeep.repair`, for the error `publication.DamagedTableError`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io import S3_ENDPOINT, FileIO
from pyiceberg.manifest import DataFileContent
from pyiceberg.table import DataScan, FileScanTask, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.objects import StoredObject, UnreadableObjectError, get_object, stored_below
from stedi_assets.lakehouse.publication import DamagedTableError
from stedi_assets.lakehouse.unanswered import said_by_the_store

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile

MISSING, DAMAGED, UNREADABLE = "is missing", "is damaged", "cannot be read from the store"
_ROWS_AT_ONCE = 65_536


class PublishedScan(DataScan):
    """PyIceberg's scan, which raises DamagedTableError where an object of its snapshot is missing or damaged."""

    def plan_files(self) -> Iterable[FileScanTask]:
        """Return the data files, which have as many rows as the snapshot was published with."""
        with naming_damage(self.damage):
            tasks = list(super().plan_files())
        snapshot = self.snapshot()
        if snapshot is not None and isinstance(self.row_filter, AlwaysTrue):
            refuse_other_totals(self._table, snapshot, [task.file for task in tasks])
        return tasks

    def to_arrow(self, dictionary_columns: tuple[str, ...] = ()) -> "pa.Table":
        with naming_damage(lambda: self.damage(contents=True)):
            return super().to_arrow(dictionary_columns)

    def to_arrow_batch_reader(self, dictionary_columns: tuple[str, ...] = ()) -> "pa.RecordBatchReader":
        import pyarrow as pa

        with naming_damage(lambda: self.damage(contents=True)):
            reader = super().to_arrow_batch_reader(dictionary_columns)

        def batches() -> "Iterator[pa.RecordBatch]":
            with naming_damage(lambda: self.damage(contents=True)):
                yield from reader

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    @property
    def _table(self) -> str:
        return self.table_identifier[-1] if self.table_identifier else self.table_metadata.location

    def damage(self, *, contents: bool = False) -> DamagedTableError | None:
        """Return what keeps the snapshot from being read. `contents`: whether data files are read, too."""
        snapshot = self.snapshot()
        if snapshot is None:
            return None
        listed = _listed(self.table_metadata, self.io)
        return find_damage(self._table, self.io, snapshot, listed, set() if contents else None)


def scan_of(table: Table, snapshot_id: int | None = None) -> PublishedScan:
    """Return a scan of the table's current snapshot, or of another one by its id."""
    return PublishedScan(
        table.metadata, table.io, snapshot_id=snapshot_id, catalog=table.catalog, table_identifier=table.name()
    )


@contextmanager
def naming_damage(find: Callable[[], DamagedTableError | None]) -> Iterator[None]:
    """Raise the DamagedTableError that `find` returns in place of an error that a damaged object can have caused."""
    try:
        yield
    except Exception as error:
        is_a_sentence = type(error).__module__.startswith("stedi_assets.")
        if (isinstance(error, UnreadableObjectError) or not is_a_sentence) and (damage := _found(find)):
            raise damage from None
        raise


def _found(find: Callable[[], DamagedTableError | None]) -> DamagedTableError | None:
    """Return None, too, where the store does not answer: the first error is about that."""
    try:
        return find()
    except Exception:
        return None


def damage_of(table: Table) -> DamagedTableError | None:
    """Return what is wrong with the current snapshot, by a listing and the manifests; data files are not read."""
    current = table.current_snapshot()
    if current is None:
        return None
    listed = _listed(table.metadata, table.io)
    if table.metadata_location not in listed:
        return DamagedTableError(table.name()[-1], current.snapshot_id, table.metadata_location, MISSING)
    return find_damage(table.name()[-1], table.io, current, listed)


def damaged_snapshots(
    table: Table, snapshots: Iterable[Snapshot], *, contents: bool = False
) -> Iterator[DamagedTableError]:
    """Yield what is wrong with these snapshots of the table, for each that cannot be read.

    Args:
        table: As it was loaded from the catalog.
        snapshots: Snapshots of the table.
        contents: Whether data files are read, too; each is read once.
    """
    listed, whole = _listed(table.metadata, table.io), set[str]()
    for snapshot in snapshots:
        if damage := find_damage(table.name()[-1], table.io, snapshot, listed, whole if contents else None):
            yield damage


def find_damage(
    name: str, io: FileIO, snapshot: Snapshot, listed: Mapping[str, StoredObject], whole: set[str] | None = None
) -> DamagedTableError | None:
    """Return the first object of the snapshot that is missing or damaged.

    Args:
        name: The table's name.
        io: The table's.
        snapshot: A snapshot of the table.
        listed: The objects below the table's location.
        whole: Data files that need not be read; those that were read are added. None: no data file is read.

    Raises:
        Exception: What the store raises where it does not answer.
    """
    try:
        _refuse_damage(name, io, snapshot, listed, whole)
    except DamagedTableError as damage:
        return damage
    return None


def _refuse_damage(
    name: str, io: FileIO, snapshot: Snapshot, listed: Mapping[str, StoredObject], whole: set[str] | None
) -> None:
    @contextmanager
    def reading(uri: str, size: int | None = None) -> Iterator[None]:
        if uri not in listed or size not in (None, listed[uri].bytes):
            raise DamagedTableError(name, snapshot.snapshot_id, uri, DAMAGED if uri in listed else MISSING)
        try:
            yield
        except Exception as error:
            raise DamagedTableError(name, snapshot.snapshot_id, uri, _state(error, io, uri)) from None

    with reading(snapshot.manifest_list):
        manifests = snapshot.manifests(io)
    files: list[DataFile] = []
    for manifest in manifests:
        with reading(manifest.manifest_path):
            files += [entry.data_file for entry in manifest.fetch_manifest_entry(io, discard_deleted=True)]
    for file in files:
        with reading(file.file_path, file.file_size_in_bytes):
            pass
    refuse_other_totals(name, snapshot, files)
    if whole is None:
        return
    for file in files:
        with reading(file.file_path):
            if file.file_path not in whole:
                _read_whole(io, file)
        whole.add(file.file_path)


def refuse_other_totals(name: str, snapshot: Snapshot, files: "Iterable[DataFile]") -> None:
    """Raise DamagedTableError where the manifests have other totals than the snapshot was published with.

    Manifests have no checksum: one that was changed may be decoded without an error, and lack files.
    """
    summary = snapshot.summary.additional_properties if snapshot.summary else {}
    counted = [file for file in files if file.content == DataFileContent.DATA]
    totals = {"total-data-files": len(counted), "total-records": sum(file.record_count for file in counted)}
    if any(int(summary.get(total, value)) != value for total, value in totals.items()):
        raise DamagedTableError(name, snapshot.snapshot_id, snapshot.manifest_list, DAMAGED)


def _read_whole(io: FileIO, file: "DataFile") -> None:
    """Decode all of a data file. Raises what PyArrow raises, and ArithmeticError for another number of rows."""
    import pyarrow.parquet as pq

    with io.new_input(file.file_path).open() as content:
        batches = pq.ParquetFile(content).iter_batches(_ROWS_AT_ONCE)
        rows = sum(batch.num_rows for batch in batches)
    if rows != file.record_count:
        raise ArithmeticError


def _state(error: Exception, io: FileIO, uri: str) -> str:
    """Return how an object is that could not be read. Raises the error where the store did not answer."""
    if isinstance(error, FileNotFoundError):
        return MISSING
    if isinstance(error, UnreadableObjectError):
        return UNREADABLE
    if said_by_the_store(error) is None:
        return DAMAGED
    try:
        get_object(_client(io), uri)
    except UnreadableObjectError:
        return UNREADABLE
    raise error


def _listed(metadata: TableMetadata, io: FileIO) -> dict[str, StoredObject]:
    return stored_below(_client(io), metadata.location)


def _client(io: FileIO) -> Any:
    return store_client(io.properties.get(S3_ENDPOINT))
