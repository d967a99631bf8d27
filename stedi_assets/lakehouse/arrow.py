"""A published snapshot as an Arrow dataset: how DuckDB reads a table.

Only that. What is asked of it is the business of those who ask (`cli.query`, `insight`).
"""

from typing import TYPE_CHECKING, Any

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import iceberg_schema

if TYPE_CHECKING:
    from pyiceberg.table import DataScan


def dataset(scan: "DataScan", contract: Contract) -> Any:
    """The snapshot's files: DuckDB reads the columns and row groups that it needs, no more.

    An older snapshot, which a scan names, has the columns that the table had then.
    """
    import pyarrow.dataset
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    files = [task.file.file_path for task in scan.plan_files()]
    columns = iceberg_schema(contract) if scan.snapshot_id is None else scan.projection()
    schema = schema_to_pyarrow(columns, include_field_ids=False)
    if not files:
        return schema.empty_table()
    filesystem = scan.io.fs_by_scheme("s3", None)  # type: ignore[attr-defined]
    return pyarrow.dataset.dataset(
        [name.removeprefix("s3://") for name in files], schema=schema, filesystem=filesystem, format="parquet"
    )
