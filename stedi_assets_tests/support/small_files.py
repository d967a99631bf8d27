"""A table of many small files, as deliveries that are added leave it."""

from collections.abc import Mapping

from pyiceberg.io.pyarrow import parquet_files_to_data_files

from stedi_assets.contracts import CUSTOMER_LANDING, Contract
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.support.frames import frame


def deliver(
    tables: Tables, *people: str, contract: Contract = CUSTOMER_LANDING, facts: Mapping[str, str] | None = None
) -> int:
    """Adds one delivery to the table, one row for each person; the snapshot's id."""
    staged = tables.stage(frame(tables.spark, contract, *({"email": person} for person in people)), contract)
    table = tables.catalog.load_table(f"stedi.{contract.table}")
    if table.current_snapshot() is None:
        return tables.publish(staged, "run-1", facts).snapshot_id
    transaction = table.transaction()
    with transaction.update_snapshot(snapshot_properties=dict(facts or {})).fast_append() as append:
        for data_file in parquet_files_to_data_files(table.io, table.metadata, iter(staged.files)):
            append.append_data_file(data_file)
    return int(transaction.commit_transaction().current_snapshot().snapshot_id)  # type: ignore[union-attr]
