"""A DataFrame as Parquet files in a folder of the store.

Here: having the engine write, and which objects of a folder are data. Not here: whose folder it is, and what becomes of
the files (`tables`).

The embedded store refuses what Apache Spark looks for in a folder of the tables' bucket; so that engine writes `beside`
it, and the store copies the finished files.
"""

import uuid
from typing import TYPE_CHECKING, Any

from stedi_assets.lakehouse.objects import copy_object, delete_folder, objects_below

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def write_files(rows: "DataFrame", folder: str, s3: Any, beside: str | None = None) -> dict[str, int]:
    """Writes the rows to a folder, which must be new: its data files by URI, with their sizes in bytes."""
    if beside is None:
        rows.write.parquet(folder)
        return data_files(s3, folder)
    first = f"{beside}/{uuid.uuid4().hex}"
    try:
        rows.write.parquet(first)
        written = data_files(s3, first)
        copies = {uri: f"{folder}{uri.removeprefix(first)}" for uri in written}
        for uri, copy in copies.items():
            copy_object(s3, uri, copy)
    finally:
        delete_folder(s3, first)
    return {copies[uri]: size for uri, size in written.items()}


def data_files(s3: Any, folder: str) -> dict[str, int]:
    """The data files in a folder with their sizes, without writers' markers."""
    found = objects_below(s3, folder)
    return {uri: size for uri, size in found.items() if _is_data_file(uri.removeprefix(f"{folder}/"))}


def _is_data_file(name: str) -> bool:
    """Not what a task wrote that never ended: Spark keeps that in a folder of its own until the job ends."""
    return name.endswith(".parquet") and not name.startswith(("_temporary/", "."))
