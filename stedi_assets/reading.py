"""Reading published tables from Python: a notebook's way in.

Only reading, and only published snapshots. The services of the home are started if they are not running.
"""

from typing import TYPE_CHECKING

from stedi_assets.contracts import CONTRACTS, Contract, contract_of
from stedi_assets.lakehouse.catalog import open_catalog, published_scan
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.damage import PublishedScan
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def table(name: str, snapshot_id: int | None = None) -> PublishedScan:
    """A table's published snapshot, or an older one by its id, as a PyIceberg scan: to_pandas(), to_polars(), ...

    Raises KeyError for a name that is no table, NeverPublishedError, UnknownSnapshotError, and ServicesError without
    a store; while it is read, DamagedTableError where an object of the snapshot is missing or damaged.
    """
    contract = _contract(name)
    return published_scan(open_catalog(connect(Settings.load())), contract, snapshot_id)


def spark_table(name: str, snapshot_id: int | None = None) -> "DataFrame":
    """The same as a PySpark DataFrame, on the embedded engine of this process."""
    from stedi_assets.lakehouse.engines.embedded import embedded_session
    from stedi_assets.lakehouse.published import read_files

    files = [task.file.file_path for task in table(name, snapshot_id).plan_files()]
    return read_files(embedded_session(connect(Settings.load())), _contract(name), files)


def _contract(name: str) -> Contract:
    try:
        return contract_of(name)
    except KeyError:
        raise KeyError(f"no table {name!r}; known: {', '.join(c.table for c in CONTRACTS)}") from None
