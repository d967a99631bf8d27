"""What is published of a table, and its rows.

Here: a snapshot as the catalog tells it, its files as a DataFrame, whether it is the current one still. Not here: the
words for it (`publication`), and changing it (`tables`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import NAMESPACE, published_table
from stedi_assets.lakehouse.damage import scan_of
from stedi_assets.lakehouse.publication import NeverPublishedError, PublicationRefusedError, Published

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot
    from pyspark.sql import DataFrame, SparkSession


def published_snapshot(catalog: Catalog, contract: Contract) -> Published:
    """What every reader sees now. Raises NeverPublishedError."""
    table = published_table(catalog, contract)
    files = [task.file.file_path for task in scan_of(table).plan_files()]
    return published_of(table, contract, table.current_snapshot(), files)


def published_of(table: "Table", contract: Contract, snapshot: "Snapshot | None", files: Sequence[str]) -> Published:
    """A snapshot of a table that has these data files. Raises NeverPublishedError where there is none."""
    if snapshot is None or snapshot.summary is None:
        raise NeverPublishedError(contract.table)
    summary = dict(snapshot.summary.additional_properties)
    return Published(
        table=f"{NAMESPACE}.{contract.table}",
        snapshot_id=snapshot.snapshot_id,
        location=table.location(),
        rows=int(summary.get("total-records", "0")),
        bytes=int(summary.get("total-files-size", "0")),
        files=tuple(sorted(files)),
        summary=summary,
    )


def read_files(spark: "SparkSession", contract: Contract, files: Sequence[str]) -> "DataFrame":
    """The data files of a snapshot, which may have none, with the contract's columns."""
    if not files:
        return spark.createDataFrame([], contract.ddl)
    return spark.read.schema(contract.ddl).parquet(*files)


def refuse_if_moved(name: str, expected: int | None, table: "Table | None", target: str) -> None:
    """Raises PublicationRefusedError where a table (None: there is none) is at another snapshot than `target` was
    computed from."""
    current = table.current_snapshot() if table else None
    found = current.snapshot_id if current else None
    if found != expected:
        raise PublicationRefusedError(
            f"{target} was computed when {name} was at snapshot {expected}, and {name} is at {found} now; "
            "nothing was published: run again"
        )
