"""A published snapshot as an Arrow dataset: how DuckDB reads a table.

Only that. What is asked of it is the business of those who ask (`cli.query`, `insight`).
"""

import re
from collections.abc import Mapping
from typing import Any

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import iceberg_schema
from stedi_assets.lakehouse.damage import PublishedScan, naming_damage
from stedi_assets.lakehouse.publication import DamagedTableError

_UNREAD = re.compile(r"reading the stream registered as '(\w+)' failed")


def dataset(scan: PublishedScan, contract: Contract) -> Any:
    """The snapshot's files: DuckDB reads the columns and row groups that it needs, no more.

    An older snapshot, which a scan names, has the columns that the table had then. Raises DamagedTableError.
    """
    import pyarrow.dataset
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    files = [task.file.file_path for task in scan.plan_files()]
    columns = iceberg_schema(contract) if scan.snapshot_id is None else scan.projection()
    schema = schema_to_pyarrow(columns, include_field_ids=False)
    if not files:
        return schema.empty_table()
    filesystem = scan.io.fs_by_scheme("s3", None)  # type: ignore[attr-defined]
    with naming_damage(scan.damage):
        return pyarrow.dataset.dataset(
            [name.removeprefix("s3://") for name in files], schema=schema, filesystem=filesystem, format="parquet"
        )


def damage_told(error: Exception, scans: Mapping[str, PublishedScan]) -> DamagedTableError | None:
    """Return the damage of the table that DuckDB could not read, by its error. `scans`: of the tables, by name."""
    table = _UNREAD.search(str(error))
    return scans[table[1]].damage(contents=True) if table and table[1] in scans else None
