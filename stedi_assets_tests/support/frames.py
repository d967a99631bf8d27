"""Small tables for tests: rows that fit a contract, where a test names only what matters to it."""

from typing import Any

from pyspark.sql import DataFrame, SparkSession

from stedi_assets.contracts import Contract
from stedi_assets.policy import Policy

AS_OF_MS = 1_700_000_000_000
AGREED = 1_600_000_000_000
TAKEN = 1_650_000_000_000
PUBLISHED = Policy(AS_OF_MS)
AT_READING = Policy(AS_OF_MS, consent="at-reading")
UNAMBIGUOUS = Policy(AS_OF_MS, serials="unambiguous")
STRICT = Policy(AS_OF_MS, consent="at-reading", serials="unambiguous")
PSEUDONYM_KEY = b"a key for tests, of 32 bytes and more"
_DEFAULTS: dict[str, Any] = {
    "registrationdate": AGREED,
    "lastupdatedate": AGREED,
    "timestamp": TAKEN,
    "sensorreadingtime": TAKEN,
    "distancefromobject": 210,
    "x": 0.0,
    "y": 1.0,
    "z": -1.0,
    "source_object": "landing/a.json",
    "source_bytes": 10,
    "same_customer": True,
}


def frame(spark: SparkSession, contract: Contract, *rows: dict[str, Any]) -> DataFrame:
    """A table of the contract. A column that no row names has a plausible value, or null."""
    defaults = [{**_DEFAULTS, "source_offset": 10 * place} for place in range(len(rows))]
    tuples = [
        tuple({**default, **row}.get(name) for name in contract.column_names)
        for default, row in zip(defaults, rows, strict=True)
    ]
    return spark.createDataFrame(tuples, contract.ddl)


def values(frame: DataFrame, *columns: str) -> list[Any]:
    """The rows in order: tuples, or plain values of one column."""
    found = sorted((tuple(row) for row in frame.select(*columns).collect()), key=str)
    return [row[0] for row in found] if len(columns) == 1 else found
