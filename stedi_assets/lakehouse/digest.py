"""A table's rows in two numbers that do not depend on their order or on the files that they are in.

Only that. The hash is xxhash64, which Apache Spark and the embedded engine compute alike; rows are compared by it where
they should be the same, not where somebody might want them to look so.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class RowDigest:
    """How many rows, and the sum of their hashes: a row that is there twice counts twice."""

    rows: int
    hashes: int

    def __str__(self) -> str:
        return f"{self.rows}-{self.hashes:x}"


def row_digest(rows: "DataFrame", columns: tuple[str, ...] | None = None) -> RowDigest:
    """The digest of these columns of the rows, in this order; of all of them if none are named."""
    from pyspark.sql import functions as F

    # A null leaves the hash as it is: without a mark of its own ('a', null) would be (null, 'a').
    marked = [part for name in columns or rows.columns for part in (F.isnull(F.col(f"`{name}`")), F.col(f"`{name}`"))]
    hashed = rows.select(F.xxhash64(*marked).cast("decimal(38,0)").alias("hash"))
    found = hashed.agg(F.count(F.lit(1)).alias("rows"), F.sum("hash").alias("hashes")).collect()[0]
    return RowDigest(int(found["rows"]), int(found["hashes"] or 0))
