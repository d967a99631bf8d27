"""The verification queries: SQL for Athena and for `stedi query` alike, each with its answer for data/."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.generators.trino import TrinoGenerator

from stedi_assets.aws.athena import SQL
from stedi_assets.contracts import CONTRACTS
from stedi_assets.expectations import REFERENCE
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.published_home import PublishedHome

QUERIES = sorted((SQL / "queries").glob("*.sql"))
ATHENA_ONLY = sorted((SQL / "athena_only").glob("*.sql"))
# Functions that Trino has, under the same name and to the same effect in DuckDB: each looked up in both references.
SHARED_FUNCTIONS = {"avg", "cast", "coalesce", "count", "lower", "max", "min", "nullif", "round", "sum", "trim"}
BEFORE_PARENTHESES = {"as", "from", "in", "join", "over"}
# Tables that hold no row twice.
DISTINCT = ("accelerometer_trusted", "customer_trusted", "customers_curated", "step_trainer_trusted")
# What each query answers for data/.
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "consent_share": [(956, 482, 0.5042)],
    "pairs_of_two_customers": [(43681, 2700, 0.0618)],
    "quarantine_by_reason": [],
    "readings_before_consent": [("accelerometer_trusted", 8956), ("step_trainer_trusted", 3163)],
    "readings_without_customer": [(0,)],
    "repeated_rows": [(name, 0) for name in DISTINCT],
    "rows_per_table": sorted(REFERENCE.items()),
    "steps_without_customer": [(0,)],
    "training_rows_per_subject": [(482, 79, 90.6, 109)],
    "trusted_without_consent": [(0,)],
}


def rows(home: PublishedHome, *words: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in home.query(*words)]


def mistakes_in(sql: str) -> list[str]:
    """What Athena would not understand of a query, as far as its dialect tells."""
    (tree,) = sqlglot.parse(sql, dialect="athena")
    assert isinstance(tree, exp.Query)
    written = tree.sql("athena")
    again = sqlglot.parse_one(written, dialect="athena").sql("athena")
    tables = [table for table in tree.find_all(exp.Table) if table.name not in {cte.alias for cte in tree.ctes}]
    called = {name.lower() for name in re.findall(r"(\w+)\s*\(", tree.sql("athena", comments=False))}
    called |= {function.name.lower() for function in tree.find_all(exp.Anonymous)}
    bare = [word.name for word in tree.find_all(exp.Identifier) if not word.quoted]
    return [
        *([f"not stable: {again}"] if again != written else []),
        *(f"unknown function {name}" for name in called - SHARED_FUNCTIONS - BEFORE_PARENTHESES),
        *(f"reserved word {word}" for word in bare if word.lower() in TrinoGenerator.RESERVED_KEYWORDS),
        *(f"unknown table {table.sql()}" for table in tables if table.db not in {"stedi", "stedi_raw"}),
        *(f"unknown table {table.name}" for table in tables if table.name not in {c.table for c in CONTRACTS}),
    ]


@pytest.mark.parametrize("file", [*QUERIES, *ATHENA_ONLY], ids=lambda file: file.stem)
def test_a_query_is_one_statement_that_athena_understands(file: Path) -> None:
    sql = file.read_text()
    assert sql.startswith("-- ")
    assert "Sound" in sql.partition("\nSELECT")[0] or "reference set" in sql
    assert mistakes_in(sql) == []
    assert "stedi_raw" not in sql or file in ATHENA_ONLY


@pytest.mark.parametrize(
    ("sql", "mistake"),
    [
        ("SELECT list_sum(x) FROM stedi.customer_trusted", "unknown function list_sum"),
        ("SELECT arg_max(x, y) FROM stedi.customer_trusted", "unknown function max_by"),
        ("SELECT 1 AS end FROM stedi.customer_trusted", "reserved word end"),
        ("SELECT 1 FROM customer_trusted", "unknown table customer_trusted"),
        ("SELECT 1 FROM stedi.customers_trusted", "unknown table customers_trusted"),
    ],
)
def test_what_athena_would_not_understand_is_found(sql: str, mistake: str) -> None:
    assert mistakes_in(sql) == [mistake]


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_a_query_answers_unchanged_and_from_athenas_dialect(published_home: PublishedHome, file: Path) -> None:
    found = rows(published_home, "--file", str(file))
    assert found == ANSWERS[file.stem]
    (translated,) = sqlglot.transpile(file.read_text(), read="athena", write="duckdb")
    assert rows(published_home, translated) == found


def test_every_query_has_an_answer() -> None:
    assert [file.stem for file in QUERIES] == sorted(ANSWERS)
    assert ATHENA_ONLY


def test_a_query_may_give_tables_other_names_and_join_using(published_home: PublishedHome) -> None:
    joined = "FROM customer_trusted t JOIN stedi.customers_curated AS c USING (email)"
    assert rows(published_home, f"SELECT count(*) {joined} WHERE t.serialnumber = c.serialnumber") == [(482,)]


def test_lost_lines_are_counted() -> None:
    database = duckdb.connect()
    for schema, count in (("stedi", 5), ("stedi_raw", 3)):
        database.execute(f"CREATE SCHEMA {schema}")
        for name in ("customer_landing", "accelerometer_landing", "step_trainer_landing"):
            database.execute(f"CREATE TABLE {schema}.{name} AS SELECT * FROM range({count})")
    (file,) = ATHENA_ONLY
    assert database.execute(file.read_text()).fetchall() == [
        ("accelerometer_landing", 5, 3, 2),
        ("customer_landing", 5, 3, 2),
        ("step_trainer_landing", 5, 3, 2),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "SQL is expected; the file is empty"), (b"SELECT '\xff'", "SQL in UTF-8 is expected")],
)
def test_a_file_that_is_no_sql_is_refused(own_home: Path, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "query.sql"
    file.write_bytes(content)
    finished = command("stedi", "query", "--file", str(file), home=own_home)
    assert (finished.returncode, said in finished.stderr, "Traceback" in finished.stderr) == (2, True, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected SQL, or --file FILE with it"),
        (["SELECT 1", "--file", __file__], "expected SQL, or --file FILE with it"),
        (["--file", "/nowhere.sql"], "'/nowhere.sql' does not exist"),
    ],
)
def test_sql_comes_from_one_place(own_home: Path, words: list[str], said: str) -> None:
    finished = command("stedi", "query", *words, home=own_home)
    assert (finished.returncode, said in finished.stderr) == (2, True)
