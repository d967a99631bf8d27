"""A staged table with its audit's verdicts, or one that is published as it is to be, and what follows from either.

Here: auditing what is staged, what a failed audit says, what is shown of the rows. Not here: how rows come to be
(`table`, `landing`), and how verdicts are reported (`assets`, `glue_jobs`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stedi_assets.audits import WITHDRAWN, Audit, Part, Verdict, recorded, verdicts_of, within
from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import (
    AUDITED,
    BUILT,
    MAX_QUARANTINE_SHARE,
    THE_WHOLE,
    WHAT_IS_NEW,
    Published,
    Staged,
)
from stedi_assets.lakehouse.side_by_side import begun
from stedi_assets.policy import Policy
from stedi_assets.settings import EMBEDDED

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pyspark.sql import DataFrame

    from stedi_assets.audits.asking import Hold

PREVIEW_ROWS = 5


class NotPublishedError(RuntimeError):
    """Checks failed: nothing of what was staged is published. `told`: the verdicts that are reported."""

    def __init__(self, said: str, blocked: Sequence[Verdict], told: Sequence[Verdict]) -> None:
        super().__init__(said)
        self.blocked, self.told = blocked, told


@dataclass(frozen=True)
class Audited:
    """A staged table, the verdicts on it, and what is shown of its rows, where those are sound."""

    staged: Staged
    verdicts: Sequence[Verdict]
    shown: "Future[str]"

    @property
    def contract(self) -> Contract:
        return self.staged.contract


@dataclass(frozen=True)
class Current:
    """A published table that already is what it is to be, and the verdicts that let it pass."""

    contract: Contract
    published: Published
    verdicts: Sequence[Verdict]


Built = Audited | Current


@dataclass(frozen=True)
class Since:
    """A published snapshot that a staged table differs little from. part: finds in what."""

    published: Published
    part: "Callable[[Hold], Part]"


def current(lakehouse: Lakehouse, contract: Contract, published: Published | None, version: str) -> Current | None:
    """What is published, if it is of this version and nothing asks for more: a rebuild of all, expected rows."""
    if published is None:
        return None
    as_expected = lakehouse.expectations.get(contract.table, published.rows) == published.rows
    if lakehouse.full or published.version != version or not as_expected:
        return None
    return Current(contract, published, verdicts_of(contract.table, published.summary))


def audit(
    lakehouse: Lakehouse, staged: Staged, views: "Mapping[str, DataFrame]", since: Since | None = None
) -> Audited:
    """The verdicts on exactly the files that were staged. `views`: what the table's checks read beside them.

    With `since` only what differs is looked at, but for a few numbers, and added to what was found then. Raises
    AuditTimeoutError.
    """
    rows, expected = lakehouse.tables.read_staged(staged), lakehouse.expectations
    shown = begun(lambda: _first_rows(staged.contract, rows), f"first rows of {staged.contract.table}")
    parameters = audit_parameters(lakehouse.policy, lakehouse.settings.max_quarantine_share)
    views = {**views, "staged": rows}
    verdicts = judged(lakehouse, staged.contract, views, parameters, expected, since, is_little=staged.is_little)
    staged.facts |= recorded(verdicts)
    if staged.contract.zone == "landing":
        staged.facts[MAX_QUARANTINE_SHARE] = str(lakehouse.settings.max_quarantine_share)
    staged.facts[AUDITED] = f"{WHAT_IS_NEW} {since.published.snapshot_id}" if since else THE_WHOLE
    return Audited(staged, verdicts, shown)


def judged(
    lakehouse: Lakehouse,
    contract: Contract,
    views: "Mapping[str, DataFrame]",
    parameters: Mapping[str, str],
    expected: Mapping[str, int],
    since: Since | None = None,
    *,
    is_little: bool = False,
) -> list[Verdict]:
    """The verdicts on a table's rows, the view `staged`, which may be known to be few. Raises AuditTimeoutError."""
    expectations = lakehouse.spark.createDataFrame(list(expected.items()), "name string, n bigint")
    seconds = lakehouse.settings.audit_timeout_seconds
    with lakehouse.holding() as hold:
        part = partial(since.part, hold) if since else None
        is_embedded, once = lakehouse.settings.engine == EMBEDDED, lakehouse.held.once
        side_by_side = 2 if is_embedded and is_little else 1
        everything = {**views, "expectations": expectations}
        asked = Audit(contract, everything, parameters, once, part, is_embedded, side_by_side)
        return within(seconds, contract.table, asked.verdicts, give_up=lakehouse.spark.interruptAll)


def audit_parameters(policy: Policy, max_quarantine_share: float | str) -> dict[str, str]:
    """What stands for $NAME in the checks' queries."""
    return {**policy.sql_parameters, "max_quarantine_share": str(max_quarantine_share)}


def refuse_unsound(lakehouse: Lakehouse, built: Sequence[Built]) -> None:
    """Before the first of several tables is published, which are published together or not at all.

    Raises NotPublishedError where a check failed, PublicationRefusedError where what they came from has moved.
    """
    staged = [table for table in built if isinstance(table, Audited)]
    blocked = [verdict for table in staged for verdict in table.verdicts if verdict.blocks]
    if blocked:
        said = "; ".join(f"{v.table}: {v.check} expected {v.expected}, found {v.actual}" for v in blocked)
        tables = ", ".join(table.contract.table for table in staged)
        raise NotPublishedError(
            f"not published: {tables}. Failed: {said}. What readers see of them is unchanged",
            blocked=blocked,
            # Who withdrew is asked of what stays published instead (`withdrawal`).
            told=[verdict for table in staged for verdict in table.verdicts if verdict.check != WITHDRAWN],
        )
    if len(staged) > 1:  # one alone is asked about when it is published
        for table in staged:
            lakehouse.tables.refuse_if_stale(table.staged)


def named(built: Sequence[Built]) -> str:
    """What came of building, in words."""
    staged = ", ".join(_how(table.staged) for table in built if isinstance(table, Audited))
    unchanged = ", ".join(table.contract.table for table in built if not isinstance(table, Audited))
    said = [f"staged and audited: {staged}"] if staged else []
    return "; ".join(said + ([f"nothing is new for: {unchanged}"] if unchanged else []))


def _how(staged: Staged) -> str:
    how = staged.facts.get(BUILT)
    return f"{staged.contract.table} ({how})" if how else staged.contract.table


def preview(lakehouse: Lakehouse, table: Built) -> str:
    """The first rows as a Markdown table, without the columns that are personal."""
    if isinstance(table, Audited):
        return table.shown.result()
    return _first_rows(table.contract, lakehouse.tables.read(table.contract))


def _first_rows(contract: Contract, rows: "DataFrame") -> str:
    shown = [column.name for column in contract.columns if not column.personal]
    lines = ["| " + " | ".join(shown) + " |", "|" + " --- |" * len(shown)]
    lines += [
        "| " + " | ".join("" if value is None else str(value) for value in row) + " |"
        for row in rows.select(*shown).limit(PREVIEW_ROWS).collect()
    ]
    return "\n".join(lines)
