"""The field ids in the data files of published tables, for tests."""

import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from stedi_assets.contracts import CONTRACTS, Contract


def field_ids(table: Table, snapshot_id: int | None = None) -> list[dict[str, int | None]]:
    """Of each data file of the snapshot, or of the published one: its columns with their field ids."""
    return [_ids(table, task.file.file_path) for task in table.scan(snapshot_id=snapshot_id).plan_files()]


def schema_ids(table: Table) -> dict[str, int]:
    return {field.name: field.field_id for field in table.schema().fields}


def tables_with_other_ids(catalog: Catalog, contracts: tuple[Contract, ...] = CONTRACTS) -> list[str]:
    """Tables with a published file whose field ids are not exactly the table's."""
    tables = {contract.table: catalog.load_table(f"stedi.{contract.table}") for contract in contracts}
    return [name for name, table in tables.items() if any(ids != schema_ids(table) for ids in field_ids(table))]


def _ids(table: Table, path: str) -> dict[str, int | None]:
    with table.io.new_input(path).open() as stream:
        schema = pq.read_schema(stream)
    numbers = {field.name: (field.metadata or {}).get(b"PARQUET:field_id") for field in schema}
    return {name: int(number) if number else None for name, number in numbers.items()}
