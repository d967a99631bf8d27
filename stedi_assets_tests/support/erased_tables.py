"""Tables that a person is erased from, for tests: publishing, appending, erasing, and what must hold afterwards."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pyiceberg.io.pyarrow import parquet_files_to_data_files
from pyiceberg.manifest import DataFile, DataFileContent
from pyiceberg.table import Table

from stedi_assets.contracts import CUSTOMER_TRUSTED, Contract
from stedi_assets.erasure.history import TableReceipt, erase_from_table
from stedi_assets.lakehouse.objects import table_objects
from stedi_assets.lakehouse.snapshots import snapshots_of
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.support.frames import frame
from stedi_assets_tests.support.lake import Lake
from stedi_assets_tests.support.table_bytes import objects_saying

ANN, BEN, CID = "ann@erase.org", "ben@stay.org", "cid@stay.org"
COLUMNS = ("email", "user", "serialnumber", "subject_id", "device_id", "raw")
EMAIL_BOUNDS = "write.metadata.metrics.column.email"


def publish(
    tables: Tables, *people: str, contract: Contract = CUSTOMER_TRUSTED, facts: Mapping[str, str] | None = None
) -> int:
    who = contract.email_column or ""
    rows = frame(tables.spark, contract, *({who: person, "customername": f"Name of {person}"} for person in people))
    return tables.publish(tables.stage(rows, contract), "run-1", facts).snapshot_id


def of_ann(piece: pa.Table) -> pa.BooleanArray:
    return pa.array([ANN in row.values() for row in piece.to_pylist()], pa.bool_())


def erase(tables: Tables, contract: Contract = CUSTOMER_TRUSTED, **options: Any) -> TableReceipt:
    chosen = {"erased": of_ann, "facts": {"stedi.erasure": "e-1"}, **options}
    return erase_from_table(tables.catalog, tables.s3, contract, COLUMNS, **chosen)


def table_of(tables: Tables, contract: Contract = CUSTOMER_TRUSTED) -> Table:
    return tables.catalog.load_table(f"stedi.{contract.table}")


def people(tables: Tables, snapshot_id: int | None = None) -> list[str]:
    return sorted(table_of(tables).scan(snapshot_id=snapshot_id).to_arrow()["email"].to_pylist())


def snapshot_ids(tables: Tables) -> list[int]:
    return [snapshot.snapshot_id for snapshot in table_of(tables).snapshots()]


def append(tables: Tables, *people: str, with_bounds: bool = False) -> None:
    """Rows of another writer: a file of PyIceberg's own, and bounds of addresses if asked for."""
    table = table_of(tables)
    if with_bounds:
        with table.transaction() as transaction:
            transaction.remove_properties(EMAIL_BOUNDS)
    table.append(pa.table({"email": list(people)}))


def assert_vanished(lake: Lake, tables: Tables, contract: Contract = CUSTOMER_TRUSTED) -> None:
    """Nothing says the address, nothing is there that no snapshot needs, and a second erasure finds nothing to do."""
    table = table_of(tables, contract)
    assert objects_saying(lake, table.location(), ANN.removesuffix(".org")) == []
    needed = {path for snapshot in snapshots_of(table) for path in snapshot.referenced}
    stored = {uri for uri in table_objects(lake.s3, table.location()) if not uri.endswith(".metadata.json")}
    assert stored == needed
    again = erase(tables, contract)
    current = table.current_snapshot()
    found = current.snapshot_id if current else None
    assert (again.rows_removed, again.snapshots_removed, again.refs_removed, again.files_deleted) == (0, (), (), 0)
    assert (again.snapshot_before, again.snapshot_id) == (found, found)


def file_with(lake: Lake, tables: Tables, text: str) -> str:
    """The one data file of customer_trusted that says the text."""
    location = table_of(tables).location()
    (key,) = [key for key in objects_saying(lake, location, text) if key.endswith(".parquet")]
    return f"{location.removesuffix('/stedi/customer_trusted')}/{key}"


def append_altered(table: Table, stored: str, place: int, value: Any) -> None:
    """The stored file once more, as something that nothing here writes."""
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as appended:
        (data_file,) = parquet_files_to_data_files(table.io, table.metadata, iter([stored]))
        appended.append_data_file(_with(data_file, place, value))


def _with(data_file: DataFile, place: int, value: Any) -> DataFile:
    data_file._data[place] = value
    return data_file


def append_deleting(table: Table) -> None:
    """A file of the table once more, as one of deletions."""
    stored = next(iter(table.scan().plan_files())).file.file_path
    append_altered(table, stored, 0, DataFileContent.POSITION_DELETES)
