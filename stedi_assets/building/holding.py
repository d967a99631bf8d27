"""Rows that are read more than once while a table is built or audited, kept in files until that is done.

Here: writing them and taking them away. Not here: which rows (`increment`, `audits.asking`).
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stedi_assets.lakehouse.lakehouse import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.audits.asking import Hold


@contextmanager
def holding(lakehouse: Lakehouse) -> "Iterator[Hold]":
    """Keeps rows, which are read more than once, in a folder that goes when the table is built, or audited."""
    from stedi_assets.lakehouse.writing import data_files  # the graph is loaded without the catalog's library

    folder, places = f"{lakehouse.staging}/{uuid.uuid4().hex}", list[str]()

    def hold(rows: "DataFrame") -> "DataFrame":
        place = f"{folder}/{len(places)}"
        places.append(place)
        rows.repartition(1).write.parquet(place)
        written = sorted(data_files(lakehouse.s3, place))
        if not written:
            return lakehouse.spark.createDataFrame([], rows.schema)
        return lakehouse.spark.read.schema(rows.schema).parquet(*written)

    try:
        yield hold
    finally:
        if places:
            lakehouse.tables.delete_folder(folder)
