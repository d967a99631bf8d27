"""Everything that is shown of a lakehouse, at one moment: tables, checks, funnel, consent, quarantine, distributions.

Only putting the answers together. How they are found: `funnel`, `aggregates`; how they look: `markdown`, `page`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stedi_assets.audits import Verdict, verdicts_of
from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.insight import aggregates
from stedi_assets.insight.aggregates import Bins, Consent
from stedi_assets.insight.funnel import Step, steps
from stedi_assets.insight.published import Opened, Snapshot, opened
from stedi_assets.lakehouse.publication import DEMO, ENGINE
from stedi_assets.policy import Policy

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


@dataclass(frozen=True)
class Table:
    """A published table with the verdicts that let it pass: none where somebody was erased from it since."""

    snapshot: Snapshot
    verdicts: Sequence[Verdict]

    @property
    def contract(self) -> Contract:
        return self.snapshot.contract

    @property
    def name(self) -> str:
        return self.contract.table

    @property
    def is_demo(self) -> bool:
        """True if rows of the demo set are in it."""
        return DEMO in self.snapshot.summary

    @property
    def passed(self) -> int:
        return sum(verdict.passed for verdict in self.verdicts)

    @property
    def warnings(self) -> list[Verdict]:
        """What deserves a look. A published table has no other check that did not pass."""
        return [verdict for verdict in self.verdicts if not verdict.passed]


@dataclass(frozen=True)
class Facts:
    """What is shown. `made_ms`: when it was collected."""

    made_ms: int
    tables: Sequence[Table]
    funnel: Sequence[Step]
    consent: Consent
    quarantine: Mapping[tuple[str, str], int]
    readings: Bins
    distance: Bins
    movement: Bins

    @property
    def policy(self) -> Policy:
        """The training table's: what it goes by is what those who train go by."""
        return self.tables[-1].snapshot.policy

    @property
    def is_demo(self) -> bool:
        """True if any table has rows of the demo set."""
        return any(table.is_demo for table in self.tables)

    @property
    def engine(self) -> str:
        return self.tables[-1].snapshot.summary.get(ENGINE, "")

    @property
    def warnings(self) -> list[Verdict]:
        return [verdict for table in self.tables for verdict in table.warnings]

    @property
    def checks(self) -> int:
        return sum(len(table.verdicts) for table in self.tables)

    @property
    def passed(self) -> int:
        return sum(table.passed for table in self.tables)

    @property
    def blocked(self) -> list[Verdict]:
        """Blocking checks that did not pass: none, unless a table was published by other means than ours."""
        return [verdict for verdict in self.warnings if verdict.blocks]

    @property
    def unchecked(self) -> list[str]:
        """Tables that tell no verdicts."""
        return [table.name for table in self.tables if not table.verdicts]


def tables_of(found: Opened) -> list[Table]:
    """The opened tables with their verdicts, in the order of the contracts."""
    return [
        Table(snapshot, verdicts_of(snapshot.contract.table, snapshot.summary)) for snapshot in found.snapshots.values()
    ]


def collect(catalog: "Catalog", made_ms: int) -> Facts:
    """All of it. Raises NeverPublishedError where a table has nothing to show."""
    with opened(catalog, CONTRACTS) as found:
        return Facts(
            made_ms=made_ms,
            tables=tables_of(found),
            funnel=steps(found),
            consent=aggregates.consent(found),
            quarantine=aggregates.quarantine(found),
            readings=aggregates.readings_over_time(found),
            distance=aggregates.distance(found),
            movement=aggregates.movement(found),
        )
