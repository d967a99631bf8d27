"""Queries and the views that they are given."""

import re
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from string import Template

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from sqlglot import exp, parse_one

from stedi_assets.audits import Audit, checks_of, touched
from stedi_assets.audits.asking import _READ, Asked, anew
from stedi_assets.building.audited import audit_parameters
from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING
from stedi_assets.contracts.consenting import SHARED
from stedi_assets.contracts.model import NONE, Check
from stedi_assets_tests.support.frames import AT_READING, frame


def queries() -> Iterator[tuple[str, str]]:
    """Every query of an audit, by what it is of."""
    for contract in CONTRACTS:
        for check in checks_of(contract):
            for side in ("actual", "expected", "example", "screen"):
                if sql := getattr(check, side):
                    yield f"{contract.table}.{check.name}.{side}", sql
    yield from SHARED.items()
    yield from {"moving": touched.MOVING, "standings": touched._STANDINGS}.items()
    yield "standings of customers", touched._STANDINGS_OF_CUSTOMERS


@pytest.mark.parametrize(("of", "sql"), list(queries()))
def test_every_query_names_what_it_reads_where_it_is_looked_for(of: str, sql: str) -> None:
    filled = Template(sql).substitute(audit_parameters(AT_READING, 0.1))
    tree = parse_one(filled, dialect="spark")
    read = sorted(table.name for table in tree.find_all(exp.Table))
    assert sorted(name for _, name in _READ.findall(filled)) == read, of
    assert not re.search(r"[{}]", filled), f"{of}: the engine's client takes braces for views"
    assert {table.name for table in tree.find_all(exp.Table)}.isdisjoint(
        column.table for column in tree.find_all(exp.Column) if column.table
    ), f"{of}: a view goes by another name in the query"


def test_an_answer_is_of_its_own_views_whoever_asks_meanwhile(spark: SparkSession) -> None:
    one, other = (Asked({"staged": spark.range(rows)}, {}, anew) for rows in (3, 5))
    query = "SELECT count(*) AS staged FROM staged WHERE id IN (SELECT id FROM staged)"
    first, second = one.frame(query), other.frame(query)
    assert [first.collect()[0]["staged"], second.collect()[0]["staged"]] == [3, 5]


@pytest.mark.parametrize("side_by_side", [1, 2, 5])
def test_what_is_asked_side_by_side_is_answered_whole(spark: SparkSession, side_by_side: int) -> None:
    asked = Asked({"staged": spark.range(4)}, {}, anew, side_by_side=side_by_side)
    selects = [f"SELECT {number} AS number, (SELECT count(*) + {number} FROM staged) AS answer" for number in range(3)]
    assert sorted((row["number"], row["answer"]) for row in asked.rows(selects)) == [(0, 4), (1, 5), (2, 6)]
    assert asked.rows([]) == []


def test_a_part_that_cannot_be_answered_fails_the_whole(spark: SparkSession) -> None:
    asked = Asked({"staged": spark.range(4)}, {}, anew, side_by_side=2)
    with pytest.raises(PySparkException, match="no_such_column"):
        asked.rows(["SELECT count(*) AS answer FROM staged", "SELECT max(no_such_column) AS answer FROM staged"])


def test_the_sets_that_the_parts_need_are_found_once(spark: SparkSession) -> None:
    kept: dict[Hashable, DataFrame] = {}
    found: list[str] = []

    def once(key: Hashable, rows: Callable[[], DataFrame]) -> DataFrame:
        if key not in kept:
            found.append(threading.current_thread().name)
            kept[key] = rows()
        return kept[key]

    views = {"customer_landing": frame(spark, CUSTOMER_LANDING, {"email": "a@x", "sharewithresearchasofdate": 1})}
    asked = Asked(views, AT_READING.sql_parameters, once, side_by_side=2)
    select = "SELECT (SELECT count(*) FROM consenting) AS answer"
    assert [row["answer"] for row in asked.rows([select, select])] == [1, 1]
    assert found == [threading.current_thread().name]


def test_what_is_known_without_asking_is_not_asked(monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> None:
    asked: list[str] = []
    answered = Asked.rows

    def listening(self: Asked, selects: Sequence[str]) -> list[Row]:
        asked.extend(selects)
        return answered(self, selects)

    monkeypatch.setattr(Asked, "rows", listening)
    checks = [
        Check("none", "", "SELECT count(*) FROM staged WHERE id > 8"),
        Check("some", "", "SELECT count(*) FROM staged"),
    ]
    verdicts = Audit(CUSTOMER_LANDING, {"staged": spark.range(4)}, {}).answers(checks)
    assert [(verdict.expected, verdict.actual, verdict.passed) for verdict in verdicts] == [(0, 0, True), (0, 4, False)]
    assert len(asked) == 2
    assert not any(f"({NONE})" in select for select in asked)
