"""Queries and the views that they are given."""

import re
from collections.abc import Iterator
from string import Template

import pytest
from pyspark.sql import SparkSession
from sqlglot import exp, parse_one

from stedi_assets.audits import checks_of, touched
from stedi_assets.audits.asking import _READ, Asked, anew
from stedi_assets.building.audited import audit_parameters
from stedi_assets.contracts import CONTRACTS
from stedi_assets.contracts.consenting import SHARED
from stedi_assets_tests.frames import AT_READING


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
