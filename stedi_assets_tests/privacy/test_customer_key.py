"""One customer is one in Python, in the engine and in DuckDB: the same key for every character there is."""

import duckdb
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets.insight import sql
from stedi_assets_tests.support.characters import differing, keys_in, texts


def test_the_engine_and_python_have_one_rule(spark: SparkSession) -> None:
    given = texts()
    assert [differing(keys, given) for keys in keys_in(spark, given)] == [[], []]


def test_duckdb_and_python_have_one_rule() -> None:
    given = texts()
    with duckdb.connect() as connection:
        connection.register("asked", pa.table({"place": range(len(given)), "email": given}))
        rows = connection.sql(f"SELECT {sql.key('email')} FROM asked ORDER BY place").fetchall()
    assert differing([key for (key,) in rows], given) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ΝΙΚΟΣ@x.org", "νικος@x.org"),
        ("νικοσ@x.org", "νικος@x.org"),
        ("\U00010d50@x.org", "\U00010d70@x.org"),
        ("\ua7cb@x.org", "\u0264@x.org"),
        ("\ufeffAnn@x.org\u200b", "ann@x.org"),
        ("İsmail@x.org", "i\u0307smail@x.org"),
    ],
)
def test_two_spellings_are_one_customer(one: str, other: str) -> None:
    assert customer_key_of(one) == customer_key_of(other)


def test_letters_that_only_look_alike_are_others() -> None:
    assert (
        len({customer_key_of(text) for text in ("ismail@x", "\u0131smail@x", "i\u0307smail@x", "z\u0307@x", "z@x")})
        == 5
    )
