"""The receipt of an erasure: what was taken out of where, in numbers and snapshot ids. No personal data.

Only that; its JSON is an interface. It is kept in the home, from the first table on, so that an erasure which dies and
is gone on with counts all that was taken out.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stedi_assets.erasure.history import TableReceipt

RECEIPTS = "erasures"  # folder of the home


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
    """One erasure. `customers`: how many were found; `shared_serials`: theirs that are others' too, and so stay;
    `mentioned_by_others`: quarantined records of others that have something of theirs in them, and so stay."""

    request: str
    finished_ms: int
    customers: int
    tables: "tuple[TableReceipt, ...]"
    landing: tuple[LandingReceipt, ...]
    shared_serials: int
    mentioned_by_others: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is kept and printed."""
        return {
            "request": self.request,
            "finished": self.finished_ms,
            "customers": self.customers,
            "tables": {table.table: {k: v for k, v in asdict(table).items() if k != "table"} for table in self.tables},
            "landing": [asdict(zone) for zone in self.landing],
            "shared_serials": self.shared_serials,
            "mentioned_by_others": self.mentioned_by_others,
        }


class Journal:
    """What an erasure has taken out so far, in a file; what an attempt before this one did, and did not end, counts."""

    def __init__(self, home: Path, request: str) -> None:
        self._unfinished = home / RECEIPTS / f"{request}.unfinished.json"
        self._kept: dict[str, Any] = json.loads(self._unfinished.read_text()) if self._unfinished.exists() else {}

    def add(self, receipt: "TableReceipt") -> "TableReceipt":
        """The table's receipt together with what was taken out of it before."""
        before = self._kept.get(receipt.table, {})
        together = replace(
            receipt,
            rows_removed=receipt.rows_removed + before.get("rows_removed", 0),
            snapshots_removed=(*before.get("snapshots_removed", ()), *receipt.snapshots_removed),
            refs_removed=(*before.get("refs_removed", ()), *receipt.refs_removed),
            files_deleted=receipt.files_deleted + before.get("files_deleted", 0),
            snapshot_before=before.get("snapshot_before", receipt.snapshot_before),
        )
        self._keep(receipt.table, asdict(together))
        return together

    def add_zone(self, receipt: LandingReceipt) -> LandingReceipt:
        """The same for a landing zone."""
        before = self._kept.get(receipt.zone, {})
        together = replace(
            receipt,
            objects=receipt.objects + before.get("objects", 0),
            records=receipt.records + before.get("records", 0),
        )
        self._keep(receipt.zone, asdict(together))
        return together

    def _keep(self, name: str, content: dict[str, Any]) -> None:
        self._kept[name] = content
        write_receipt(self._unfinished, self._kept)


def write_receipt(file: Path, content: dict[str, Any]) -> None:
    """Write or replace a file of the home's receipts."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(file)
