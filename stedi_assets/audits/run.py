"""Answers a table's checks on exactly what was staged, all in one query, once what they share is found.

Here: naming the data that checks may read, running them, judging the numbers. Not here: what is checked (`derive`,
contracts) and what follows from a verdict (`assets`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template
from typing import TYPE_CHECKING, Literal

from stedi_assets.audits.derive import ALLOWED_CHECK, ANSWERED_FROM_SCHEMA, SCHEMA_CHECK, checks_of
from stedi_assets.contracts import Contract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from stedi_assets.contracts.model import Check


EXAMPLE = "example"


@dataclass(frozen=True)
class Verdict:
    """The answer to one check. `details` are numbers, names of columns and the check's example: nothing personal."""

    table: str
    check: str
    severity: Literal["ERROR", "WARN"]
    passed: bool
    expected: int | None
    actual: int | None
    details: Mapping[str, str]

    @property
    def blocks(self) -> bool:
        return not self.passed and self.severity == "ERROR"


@dataclass(frozen=True)
class Audit:
    """What is needed to judge one staged table. `views`: the data that its checks name, `staged` among them.

    hold: keeps the rows that several of them ask for; without it the engine finds them each time.
    """

    contract: Contract
    views: Mapping[str, "DataFrame"]
    parameters: Mapping[str, str]
    hold: "Callable[[DataFrame], DataFrame]" = lambda rows: rows

    def verdicts(self) -> list[Verdict]:
        """One verdict per check. With a schema that differs only those on it: the others could not be asked."""
        schema = self.schema_verdicts()
        if not schema[0].passed:
            return schema
        return [*schema, *self.answers([c for c in checks_of(self.contract) if c not in ANSWERED_FROM_SCHEMA])]

    def schema_verdicts(self) -> list[Verdict]:
        """The verdicts that need the columns' names and types alone, the contract's first."""
        return [self._schema_verdict(), *self._allowed_verdict()]

    def answers(self, checks: "Sequence[Check]") -> list[Verdict]:
        """The verdicts of these checks alone."""
        numbers = self._ask(checks)
        verdicts = [self._judge(check, numbers) for check in checks]
        wanting = {verdict.check for verdict in verdicts if not verdict.passed}
        examples = self._examples([check for check in checks if check.name in wanting])
        return [replace(v, details={EXAMPLE: examples[v.check]}) if v.check in examples else v for v in verdicts]

    def _schema_verdict(self) -> Verdict:
        found = {field.name: field.dataType.simpleString() for field in self.views["staged"].schema.fields}
        wanted = {column.name: column.type for column in self.contract.columns}
        details = {
            "missing": ", ".join(sorted(set(wanted) - set(found))),
            "unexpected": ", ".join(sorted(set(found) - set(wanted))),
            "of another type": ", ".join(
                f"{name} ({found[name]} instead of {kind})"
                for name, kind in wanted.items()
                if name in found and found[name] != kind
            ),
        }
        details = {what: names for what, names in details.items() if names}
        differences = sum(len(names.split(", ")) for names in details.values())
        return Verdict(self.contract.table, SCHEMA_CHECK.name, "ERROR", not differences, 0, differences, details)

    def _allowed_verdict(self) -> list[Verdict]:
        if not self.contract.allowed_columns:
            return []
        extra = sorted(set(self.views["staged"].columns) - set(self.contract.allowed_columns))
        details = {"not allowed": ", ".join(extra)} if extra else {}
        return [Verdict(self.contract.table, ALLOWED_CHECK.name, "ERROR", not extra, 0, len(extra), details)]

    def _ask(self, checks: "Sequence[Check]") -> dict[str, int | None]:
        for name, data in self.views.items():
            data.createOrReplaceTempView(name)
        spark = self.views["staged"].sparkSession
        sides = ("actual", "expected")
        questions = {f"{check.name}.{side}": getattr(check, side) for check in checks for side in sides}
        self._share(spark, " ".join(questions.values()))
        # One UNION ALL: the engine reads what the questions share once it is warm, and the client asks once.
        query = " UNION ALL ".join(
            f"SELECT '{name}' AS question, CAST(({sql}) AS bigint) AS answer" for name, sql in questions.items()
        )
        answers = spark.sql(Template(query).substitute(self.parameters)).collect()
        return {row["question"]: row["answer"] for row in answers}

    def _share(self, spark: "SparkSession", asked: str) -> None:
        """Finds what the contract's checks share, as far as these queries ask for it."""
        wanted: list[tuple[str, str]] = []
        for name, sql in reversed(self.contract.shared):
            if re.search(rf"\b{name}\b", asked):
                wanted.insert(0, (name, sql))
                asked += sql
        for name, sql in wanted:
            self.hold(spark.sql(Template(sql).substitute(self.parameters))).createOrReplaceTempView(name)

    def _examples(self, failed: "Sequence[Check]") -> dict[str, str]:
        """By check one example, where it has any: asked of checks that did not pass alone."""
        asked = {check.name: check.example for check in failed if check.example}
        if not asked:
            return {}
        query = " UNION ALL ".join(f"SELECT '{name}' AS question, ({sql}) AS answer" for name, sql in asked.items())
        answers = self.views["staged"].sparkSession.sql(Template(query).substitute(self.parameters)).collect()
        return {row["question"]: row["answer"] for row in answers if row["answer"]}

    def _judge(self, check: "Check", numbers: Mapping[str, int | None]) -> Verdict:
        expected, actual = numbers[f"{check.name}.expected"], numbers[f"{check.name}.actual"]
        passed = actual is not None and actual == expected
        return Verdict(self.contract.table, check.name, check.severity, passed, expected, actual, {})
