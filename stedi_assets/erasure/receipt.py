"""The receipt of an erasure: what was taken out of where, in numbers and snapshot ids. No personal data.

Only that; its JSON is an interface.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stedi_assets.erasure.history import TableReceipt


@dataclass(frozen=True)
class LandingReceipt:
    """One landing zone. `rewritten`: whether its objects were, where anything was to be taken out of them."""

    zone: str
    rewritten: bool
    objects: int
    records: int

    @classmethod
    def of(cls, zone: str, by_source: Mapping[str, tuple[int, int]]) -> "LandingReceipt":
        """From what was rewritten: by source, objects and records."""
        counts = list(by_source.values())
        return cls(zone, True, sum(objects for objects, _ in counts), sum(records for _, records in counts))

    @classmethod
    def left(cls, zone: str) -> "LandingReceipt":
        """A zone of the user's own that was not to be changed."""
        return cls(zone, False, 0, 0)


@dataclass(frozen=True)
class Receipt:
    """One erasure. `customers`: how many were found; `shared_serials`: theirs that are others' too, and so stay."""

    request: str
    finished_ms: int
    customers: int
    tables: tuple[TableReceipt, ...]
    landing: tuple[LandingReceipt, ...]
    shared_serials: int

    def as_json(self) -> dict[str, Any]:
        """As it is kept and printed."""
        return {
            "request": self.request,
            "finished": self.finished_ms,
            "customers": self.customers,
            "tables": {table.table: {k: v for k, v in asdict(table).items() if k != "table"} for table in self.tables},
            "landing": [asdict(zone) for zone in self.landing],
            "shared_serials": self.shared_serials,
        }
