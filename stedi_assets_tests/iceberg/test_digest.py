"""The digest of a table's rows: what it does not depend on, and what it tells apart."""

from collections.abc import Sequence

import pytest
from pyspark.sql import SparkSession

from stedi_assets.lakehouse.digest import row_digest

SCHEMA = "name string, taken bigint, x double, n int, same boolean"
ROWS = [("ann", 1, 0.5, 1, True), ("ben", 2, -1.25e20, None, None), (None, None, float("nan"), -3, False)]


def digest(spark: SparkSession, rows: Sequence[tuple[object, ...]]) -> str:
    return str(row_digest(spark.createDataFrame(rows, SCHEMA)))


def test_neither_order_nor_parts_matter(spark: SparkSession) -> None:
    frame = spark.createDataFrame([*reversed(ROWS)], SCHEMA).repartition(3)
    assert str(row_digest(frame)) == digest(spark, ROWS)


@pytest.mark.parametrize(
    "others",
    [
        ROWS[1:],
        [*ROWS, ROWS[0]],
        [ROWS[0], ROWS[0], ROWS[2]],
        [("Ann", 1, 0.5, 1, True), *ROWS[1:]],
        [("ann", 2, 0.5, 1, True), ("ben", 1, -1.25e20, None, None), ROWS[2]],
        [*ROWS[:2], (None, -3, float("nan"), None, False)],
        [ROWS[0], ("ben", 2, -1.25e20, None, False), ROWS[2]],
    ],
)
def test_other_rows_have_another_digest(spark: SparkSession, others: Sequence[tuple[object, ...]]) -> None:
    assert digest(spark, others) != digest(spark, ROWS)


def test_no_rows_have_a_digest_too(spark: SparkSession) -> None:
    assert digest(spark, []) == "0-0"
