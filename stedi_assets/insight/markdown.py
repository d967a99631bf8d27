"""What Dagster's UI shows: the dashboard of checks and pictures, as Markdown.

Only how it is written. The UI sets tables and shows pictures that are part of the text.
"""

import base64
from collections.abc import Mapping, Sequence

from stedi_assets.audits import Verdict
from stedi_assets.insight.aggregates import moment
from stedi_assets.insight.facts import Table
from stedi_assets.insight.funnel import Step
from stedi_assets.lakehouse.publication import DEMO_DATA


def picture(alternative: str, png: bytes) -> str:
    """A picture within the text."""
    return f"![{alternative}](data:image/png;base64,{base64.b64encode(png).decode()})"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Numbers are set to the right, with separators."""
    numeric = [bool(rows) and all(isinstance(row[place], int) for row in rows) for place in range(len(columns))]
    lines = [columns, ["---:" if right else "---" for right in numeric], *([_cell(v) for v in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def dashboard(tables: Sequence[Table], funnel: Sequence[Step], quarantine: Mapping[tuple[str, str], int]) -> str:
    """The checks of every table at a glance, then what each step left out and why."""
    warnings = [verdict for one in tables for verdict in one.warnings]
    blocked = [verdict for verdict in warnings if verdict.blocks]
    parts = [
        *([f"**{DEMO_DATA}**"] if any(one.is_demo for one in tables) else []),
        f"**{len(blocked)} blocking checks did not pass.**" if blocked else "**No blocking check failed.**",
        f"{sum(one.passed for one in tables)} of {sum(len(one.verdicts) for one in tables)} checks hold.",
        "\n\n" + table(["table", "rows", "checks", "snapshot", "published (UTC)"], [_at_a_glance(t) for t in tables]),
        "\n\n#### Deserves a look\n\n" + (_looks(warnings) if warnings else "Nothing."),
        "\n\n#### From landing to training\n\n" + _funnel(funnel),
        "\n\n#### Quarantine\n\n"
        + (
            table(["source", "reason", "records"], [(*place, count) for place, count in quarantine.items()])
            if quarantine
            else "Empty."
        ),
    ]
    return " ".join(parts).replace(" \n", "\n")


def _at_a_glance(one: Table) -> tuple[object, ...]:
    if not one.verdicts:
        mark = "none kept since an erasure"
    else:
        sign = "✗" if any(v.blocks for v in one.warnings) else "⚠" if one.warnings else "✓"
        mark = f"{sign} {one.passed} of {len(one.verdicts)}"
    snapshot = one.snapshot
    return one.name, snapshot.rows, mark, str(snapshot.snapshot_id), moment(snapshot.published_ms)


def _looks(warnings: Sequence[Verdict]) -> str:
    return table(
        ["table", "check", "severity", "expected", "found"],
        [(v.table, v.check, v.severity, v.expected, v.actual) for v in warnings],
    )


def _funnel(funnel: Sequence[Step]) -> str:
    return table(
        ["from", "to", "in", "stays", "left out, and why"],
        [
            (
                step.source,
                step.table,
                step.rows_in,
                step.rows_kept,
                "; ".join(f"{rows:,} {reason}" for reason, rows in step.drops.items()) or "nothing",
            )
            for step in funnel
        ],
    )


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)
