"""A DataFrame as Parquet files in a folder of the store, where each column carries its Iceberg field id.

Here: having the engine write, and which objects of a folder are data. Not here: whose folder it is and which ids its
columns have (`catalog`), what becomes of the files (`tables`).

Apache Spark takes the ids from the columns' metadata. The embedded engine's Parquet writer writes none, but what it
writes to an Iceberg table has the table's ids: so it is given an empty table, whose data folder is the one to write to,
and that table goes. An engine that does neither leaves files without ids, which are read by the table's name mapping.

The embedded store refuses what Apache Spark looks for in a folder of the tables' bucket; so that engine writes `beside`
it, and the store copies the finished files.
"""

import uuid
from typing import TYPE_CHECKING, Any

from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyspark.sql import functions as F

from stedi_assets.lakehouse.objects import copy_object, delete_folder, objects_below, put_object

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Set in the sessions of an engine that writes field ids to Iceberg tables alone.
IDS_BY_TABLE = "stedi.field-ids-by-table"


def scratch_of(location: str) -> str:
    """Where an engine may keep tables of its own while it writes: beside the namespace of the table at the location.

    In a bucket of tables the embedded store takes table metadata nowhere else than two folders down.
    """
    return f"{location.rsplit('/', 2)[0]}/scratch"


def write_files(
    rows: "DataFrame",
    schema: Schema,
    folder: str,
    s3: Any,
    scratch: str,
    beside: str | None = None,
    in_one_file: bool = False,
) -> dict[str, int]:
    """Writes the rows to a folder, which must be new: its data files by URI, with their sizes in bytes.

    `schema` has the rows' columns in their order, with the field ids to write; the types written are the rows' own.

    As many files as the rows have partitions; of what is little the embedded engine makes one (`in_one_file`), as
    Apache Spark does by itself.
    """
    if beside is None:
        _write(rows, schema, folder, s3, scratch, in_one_file)
        return data_files(s3, folder)
    first = f"{beside}/{uuid.uuid4().hex}"
    try:
        _write(rows, schema, first, s3, beside, in_one_file)
        written = data_files(s3, first)
        copies = {uri: f"{folder}{uri.removeprefix(first)}" for uri in written}
        for uri, copy in copies.items():
            copy_object(s3, uri, copy)
    finally:
        delete_folder(s3, first)
    return {copies[uri]: size for uri, size in written.items()}


def _write(rows: "DataFrame", schema: Schema, folder: str, s3: Any, scratch: str, in_one_file: bool) -> None:
    if rows.sparkSession.conf.get(IDS_BY_TABLE, "") == "true":
        # Never coalesced to more than one: the engine (Sail 0.7.2) goes through partitions that it puts together one
        # after the other, a hash join waits until each partition of its own has begun, and neither ever ends.
        parts = rows.coalesce(1) if in_one_file else rows
        _write_by_table(parts, schema, folder, s3, f"{scratch}/{uuid.uuid4().hex}")
    else:
        ids = {field.name: {"parquet.field.id": field.field_id} for field in schema.fields}
        columns = [F.col(name).alias(name, metadata=metadata) for name, metadata in ids.items()]
        rows.select(*columns).write.parquet(folder)


def _write_by_table(rows: "DataFrame", schema: Schema, folder: str, s3: Any, location: str) -> None:
    """As the rows of a table at the location that has the folder for its data.

    The table goes at once: its manifests have bounds of every column, personal ones too. Its schema is overwritten by
    the rows' own, which keeps the ids by name: an append would cast what it can, and no audit would see another type.
    """
    metadata = {
        "location": location,
        "last-column-id": schema.highest_field_id,
        "schemas": [schema],
        "partition-specs": [UNPARTITIONED_PARTITION_SPEC],
        "sort-orders": [UNSORTED_SORT_ORDER],
        "properties": {"write.data.path": folder},
    }
    try:
        content = TableMetadataV2.model_validate(metadata).model_dump_json().encode()
        put_object(s3, f"{location}/metadata/v1.metadata.json", content)
        writer = rows.write.format("iceberg").mode("overwrite")
        writer.option("overwriteSchema", "true").save(location)
    finally:
        delete_folder(s3, location)


def data_files(s3: Any, folder: str) -> dict[str, int]:
    """The data files in a folder with their sizes, without writers' markers."""
    found = objects_below(s3, folder)
    return {uri: size for uri, size in found.items() if _is_data_file(uri.removeprefix(f"{folder}/"))}


def _is_data_file(name: str) -> bool:
    """Not what a task wrote that never ended: Spark keeps that in a folder of its own until the job ends."""
    return name.endswith(".parquet") and not name.startswith(("_temporary/", "."))
