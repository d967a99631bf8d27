"""Damage objects of published tables, and read the tables as users do.

Contains what the quick test and the long one share. For the expectations see `test_damaged_tables`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

import pyarrow as pa
from pyiceberg.table import Table

from stedi_assets import reading
from stedi_assets.cli.query import answer
from stedi_assets.cli.tables import list_tables
from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.insight.facts import collect
from stedi_assets.lakehouse import metadata_io
from stedi_assets.lakehouse.objects import delete_objects, get_object, put_object
from stedi_assets_tests.lake import Lake

METADATA, MANIFEST_LIST, MANIFEST, DATA_FILE = "metadata file", "manifest list", "manifest", "data file"


def objects_of(table: Table) -> dict[str, str]:
    """An object of each kind of the current version, by its kind; an empty table has no manifest."""
    snapshot = table.current_snapshot()
    assert snapshot is not None
    found = {METADATA: table.metadata_location, MANIFEST_LIST: snapshot.manifest_list}
    for manifest in snapshot.manifests(table.io):
        if manifest.has_added_files():
            found[MANIFEST] = manifest.manifest_path
            found[DATA_FILE] = manifest.fetch_manifest_entry(table.io)[0].data_file.file_path
    return found


def delete(lake: Lake, uri: str) -> None:
    forget_what_was_read()
    delete_objects(lake.s3, uri.rsplit("/", 1)[0], [uri])


def flip(lake: Lake, uri: str, place: float) -> None:
    """Change one bit of the object, at a place from 0 (the first byte) to 1 (the last)."""
    content = bytearray(get_object(lake.s3, uri) or b"")
    content[round(place * (len(content) - 1))] ^= 1
    forget_what_was_read()
    put_object(lake.s3, uri, bytes(content))


@contextmanager
def undone(lake: Lake, uri: str) -> Iterator[None]:
    """Put the object back at the end."""
    content = get_object(lake.s3, uri)
    assert content is not None
    try:
        yield
    finally:
        put_object(lake.s3, uri, content)
        forget_what_was_read()


def forget_what_was_read() -> None:
    """Make this process read manifests again, as every command does."""
    with metadata_io._keeping:
        metadata_io._kept.clear()


def readers(lake: Lake, contract: Contract, folder: Path) -> Mapping[str, Callable[[], object]]:
    """What reads the table, by name."""
    table = contract.table
    columns = ", ".join(f"max({column.name})" for column in contract.columns)

    def quietly(does: Callable[[], object]) -> Callable[[], object]:
        def do() -> None:
            with redirect_stdout(StringIO()):
                does()

        return do

    def batches() -> pa.Table:
        return reading.table(table).to_arrow_batch_reader().read_all()

    return {
        "query": quietly(lambda: answer(f"SELECT count(*), {columns} FROM {table}", "csv")),
        "tables": quietly(lambda: list_tables(folder / "tables.json")),
        "reading": lambda: reading.table(table).to_arrow(),
        "batches": batches,
        "report": lambda: collect(lake.catalog, 0),
    }


def rows_of_all(lake: Lake) -> dict[str, int]:
    """The rows that a reader counts, by table."""
    return {contract.table: reading.table(contract.table).to_arrow().num_rows for contract in CONTRACTS}
