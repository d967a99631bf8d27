"""Answers a table's checks on exactly what was staged, all at once, when what they share is found; or, where only a
part of it can have changed (`part`), on that part, added to what the audit before found.

Here: naming the data that checks may read, running them, judging the numbers. Not here: what is checked (`derive`,
contracts) and what follows from a verdict (`assets`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from stedi_assets.audits.asking import Asked, anew
from stedi_assets.audits.derive import ALLOWED_CHECK, ANSWERED_FROM_SCHEMA, SCHEMA_CHECK, checks_of
from stedi_assets.contracts import Contract
from stedi_assets.contracts.model import NONE, Side
from stedi_assets.lakehouse.side_by_side import for_each

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.audits.asking import Once
    from stedi_assets.contracts.model import Check


EXAMPLE = "example"
Question = tuple[str, Side]  # a check's name, and which of its queries
Numbers = Mapping[Question, int | None]


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
class Part:
    """All of a table that differs from what is published of it: as it is to be, and as it was (None: it was not there).

    recorded: what the audit of the published table found. given: views of the whole, found on the way to it.
    """

    after: "Audit"
    before: "Audit | None"
    recorded: Numbers
    given: "Mapping[str, DataFrame]" = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """What is needed to judge one staged table. `views`: the data that its checks name, `staged` among them.

    once, keeps_small, side_by_side: as `asking` says. part: finds what differs from the published table; without it all
    checks are asked of the whole table.
    """

    contract: Contract
    views: Mapping[str, "DataFrame"]
    parameters: Mapping[str, str]
    once: "Once" = anew
    part: "Callable[[], Part] | None" = None
    keeps_small: bool = True
    side_by_side: int = 1

    @cached_property
    def _asked(self) -> Asked:
        return Asked(self.views, self.parameters, self.once, self.keeps_small, self.side_by_side)

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
        if self.part is None:
            return self._judged(checks, self._ask(_questions(checks)), lambda _: self)
        part = self.part()
        of_all = replace(self, views={**self.views, **part.given})
        numbers = _added_up(of_all, part, checks)
        return self._judged(checks, numbers, lambda check: of_all if check.whole else part.after)

    def _judged(self, checks: "Sequence[Check]", numbers: Numbers, asked: "Callable[[Check], Audit]") -> list[Verdict]:
        """`asked`: who has an example of a check that did not pass."""
        verdicts = [self._judge(check, numbers) for check in checks]
        failed = [check for check, verdict in zip(checks, verdicts, strict=True) if not verdict.passed]
        examples: dict[str, str] = {}
        for audit in {id(asked(check)): asked(check) for check in failed}.values():
            examples |= audit._examples([check for check in failed if asked(check) is audit])
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

    def _ask(self, questions: Mapping[Question, str]) -> Numbers:
        screens = {check.actual: check.screen for check in checks_of(self.contract) if check.screen}
        numbers = self._numbers({question: screens.get(sql, sql) for question, sql in questions.items()})
        doubtful = {question: sql for question, sql in questions.items() if sql in screens and numbers[question] != 0}
        return {**numbers, **self._numbers(doubtful)}

    def _numbers(self, questions: Mapping[Question, str]) -> Numbers:
        numbers: dict[Question, int | None] = {question: 0 for question, sql in questions.items() if sql == NONE}
        selects = [
            f"SELECT '{name}' AS name, '{side}' AS side, CAST(({sql}) AS bigint) AS answer"
            for (name, side), sql in questions.items()
            if sql != NONE
        ]
        return numbers | {(row["name"], row["side"]): row["answer"] for row in self._asked.rows(selects)}

    def _examples(self, failed: "Sequence[Check]") -> dict[str, str]:
        """By check one example, where it has any: asked of checks that did not pass alone."""
        asked = [check for check in failed if check.example]
        selects = [f"SELECT '{check.name}' AS question, ({check.example}) AS answer" for check in asked]
        return {row["question"]: row["answer"] for row in self._asked.rows(selects) if row["answer"]}

    def _judge(self, check: "Check", numbers: Numbers) -> Verdict:
        expected, actual = numbers[check.name, "expected"], numbers[check.name, "actual"]
        passed = actual is not None and actual == expected
        return Verdict(self.contract.table, check.name, check.severity, passed, expected, actual, {})


def _questions(checks: "Sequence[Check]") -> dict[Question, str]:
    return {(check.name, side): getattr(check, side) for check in checks for side in get_args(Side)}


def _added_up(whole: Audit, part: Part, checks: "Sequence[Check]") -> Numbers:
    """What was recorded, less what the part that differs was counted for, and what it is counted for now."""
    questions = _questions(checks)
    of_whole = {(check.name, side) for check in checks for side in check.whole}
    of_whole |= {question for question in questions if part.recorded.get(question) is None}
    of_parts = {question: sql for question, sql in questions.items() if question not in of_whole}
    # Of what there was none of at all, there was none in any part.
    counted = {question: sql for question, sql in of_parts.items() if part.recorded[question]}
    asked: list[tuple[Audit | None, Mapping[Question, str]]] = [
        (part.before, counted),
        (part.after, of_parts),
        (whole, {question: questions[question] for question in of_whole}),
    ]
    before, after, of_all = for_each(asked, lambda one: one[0]._ask(one[1]) if one[0] else {}, "part of an audit")
    numbers = dict(of_all)
    for question, now in after.items():
        then = before.get(question, 0)
        numbers[question] = None if now is None or then is None else (part.recorded[question] or 0) - then + now
    return numbers
