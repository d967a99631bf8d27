"""Verdicts as they are kept with what they let pass.

Here: to and from the text in a snapshot's summary, so that a table tells its checks to whoever has the catalog. Not
here: how verdicts come about (`run`).
"""

import json
from collections.abc import Mapping, Sequence

from stedi_assets.audits.run import Numbers, Verdict
from stedi_assets.contracts.model import Side
from stedi_assets.lakehouse.publication import CHECKS


def recorded(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """The fact that is kept of these verdicts: numbers and the names of checks, nothing else."""
    told = {v.check: [v.severity, v.passed, v.expected, v.actual] for v in verdicts}
    return {CHECKS: json.dumps(told, separators=(",", ":"))}


def verdicts_of(table: str, summary: Mapping[str, str]) -> list[Verdict]:
    """The verdicts that let a snapshot pass, in their order; none of one that has none, as after an erasure."""
    told = json.loads(summary.get(CHECKS, "{}"))
    return [
        Verdict(table, check, severity, passed, expected, actual, {})
        for check, (severity, passed, expected, actual) in told.items()
    ]


def numbers_of(summary: Mapping[str, str]) -> Numbers:
    """What was counted by the verdicts that let a snapshot pass, to be added to."""
    found: dict[tuple[str, Side], int | None] = {}
    for verdict in verdicts_of("", summary):
        found[verdict.check, "actual"], found[verdict.check, "expected"] = verdict.actual, verdict.expected
    return found
