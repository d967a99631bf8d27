"""A staged table with its audit's verdicts, and what follows from them.

Here: auditing what is staged, what a failed audit says, what is shown of the rows. Not here: how rows come to be
(`table`, `landing`), and how verdicts are reported (`assets`, `glue_jobs`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stedi_assets.audits import WITHDRAWN, Audit, Verdict, recorded
from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Staged

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PREVIEW_ROWS = 5


@dataclass(frozen=True)
class Audited:
    """A staged table, and the verdicts on it."""

    staged: Staged
    verdicts: Sequence[Verdict]

    @property
    def contract(self) -> Contract:
        return self.staged.contract


def audit(lakehouse: Lakehouse, staged: Staged, views: Mapping[str, "DataFrame"]) -> Audited:
    """The verdicts on exactly the files that were staged. `views`: what the table's checks read beside them."""
    expectations = lakehouse.spark.createDataFrame(list(lakehouse.expectations.items()), "name string, n bigint")
    parameters = {
        **lakehouse.policy.sql_parameters,
        "max_quarantine_share": str(lakehouse.settings.max_quarantine_share),
    }
    here = {**views, "expectations": expectations, "staged": lakehouse.tables.read_staged(staged)}
    verdicts = Audit(staged.contract, here, parameters).verdicts()
    staged.facts |= recorded(verdicts)
    return Audited(staged, verdicts)


def refusal(audited: Sequence[Audited]) -> tuple[str, list[Verdict]] | None:
    """Why these tables, which are published together or not at all, are not: in words, and by the failed checks."""
    blocked = [verdict for table in audited for verdict in table.verdicts if verdict.blocks]
    if not blocked:
        return None
    said = "; ".join(f"{v.table}: {v.check} expected {v.expected}, found {v.actual}" for v in blocked)
    tables = ", ".join(table.contract.table for table in audited)
    return f"not published: {tables}. Failed: {said}. What readers see of them is unchanged", blocked


def verdicts_of_unpublished(audited: Sequence[Audited]) -> list[Verdict]:
    """What is told where nothing is published. Who withdrew is asked of what stays published instead (`withdrawal`)."""
    return [verdict for table in audited for verdict in table.verdicts if verdict.check != WITHDRAWN]


def preview(lakehouse: Lakehouse, staged: Staged) -> str:
    """The first rows as a Markdown table, without the columns that are personal."""
    shown = [column.name for column in staged.contract.columns if not column.personal]
    lines = ["| " + " | ".join(shown) + " |", "|" + " --- |" * len(shown)]
    lines += [
        "| " + " | ".join("" if value is None else str(value) for value in row) + " |"
        for row in lakehouse.tables.read_staged(staged).select(*shown).limit(PREVIEW_ROWS).collect()
    ]
    return "\n".join(lines)
