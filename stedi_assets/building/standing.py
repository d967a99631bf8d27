"""How the published tables stand, by the catalog alone: which snapshots, rolled back or not, the next consent date.

Here: what the sensor asks before it starts a run. Not here: what is in the tables, which needs an engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.publication import NEXT_CONSENT

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table


@dataclass(frozen=True)
class Standing:
    """landing: the landing tables' snapshots. rolled_back: of these, the tables with a newer snapshot than the
    published one. next_consent_ms: the first consent date that some table does not know as reached yet. summaries: of
    the landing tables' snapshots."""

    landing: Mapping[str, int] = field(default_factory=dict)
    rolled_back: tuple[str, ...] = ()
    next_consent_ms: int | None = None
    summaries: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)


def standing(catalog: "Catalog") -> Standing:
    """How they stand now; a table that was never published is left out."""
    from stedi_assets.lakehouse.catalog import find_table

    landing: dict[str, int] = {}
    rolled_back: list[str] = []
    dates: list[int] = []
    summaries: dict[str, Mapping[str, str]] = {}
    for contract in CONTRACTS:
        table = find_table(catalog, contract)
        current = table.current_snapshot() if table else None
        if table is None or current is None:
            continue
        summary = current.summary.additional_properties if current.summary else {}
        if contract.zone == "landing":
            landing[contract.table], summaries[contract.table] = current.snapshot_id, summary
            if _newest(table) != current.snapshot_id:
                rolled_back.append(contract.table)
        elif date := summary.get(NEXT_CONSENT):
            dates.append(int(date))
    return Standing(landing, tuple(rolled_back), min(dates, default=None), summaries)


def _newest(table: "Table") -> int:
    """The snapshot that was made last: sequence numbers only rise, clocks may not."""
    return max(table.metadata.snapshots, key=lambda made: (made.sequence_number or 0, made.timestamp_ms)).snapshot_id
