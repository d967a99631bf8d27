"""What came of a run: the JSON report and the table on the terminal.

Here: reading a run's events into a report. Its JSON is an interface: names change only on purpose. No personal data.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.terminal import Colour, in_colour, print_line, print_table
from stedi_assets.contracts import CONTRACTS, SOURCES
from stedi_assets.failures import check_of, failures_of, of_type
from stedi_assets.policy import Policy

if TYPE_CHECKING:
    from dagster import DagsterInstance, EventLogEntry


# A key can be personal, and Dagster keeps what checks say: the quarantine has the names.
_UNREADABLE = (
    '; deliver these objects again under their names: stedi query "SELECT source, source_object, source_bytes FROM '
    "landing_quarantine WHERE reason = 'unreadable'\""
)


@dataclass(frozen=True)
class Report:
    """A run, table by table and check by check. `failures`: what to tell the one who must mend it."""

    success: bool
    run_id: str
    policy: Policy
    engine: str
    seconds: float
    tables: Mapping[str, dict[str, Any]]
    checks: list[dict[str, Any]]
    failures: list[str]
    table_seconds: Mapping[str, float]

    @classmethod
    def of(
        cls,
        instance: "DagsterInstance",
        run_id: str,
        success: bool,
        expected: Mapping[str, int],
        policy: Policy,
        engine: str,
    ) -> "Report":
        """The report of a finished run."""
        entries = instance.all_logs(run_id)
        told = {_table_of(entry): _metadata(entry) for entry in of_type(entries, "ASSET_MATERIALIZATION")}
        tables = {
            contract.table: {
                "rows": told.get(contract.table, {}).get("dagster/row_count"),
                "expected": expected.get(contract.table),
                "snapshot_id": _snapshot(told.get(contract.table, {})),
                "published": contract.table in told,  # by this run, or as this run would publish it: then unchanged
                "unchanged": bool(told.get(contract.table, {}).get("stedi/unchanged", False)),
            }
            for contract in CONTRACTS
        }
        checks = [check_of(entry) for entry in of_type(entries, "ASSET_CHECK_EVALUATION")]
        times = [entry.timestamp for entry in entries]
        return cls(
            success=success,
            run_id=run_id,
            policy=policy,
            engine=engine,
            seconds=round(max(times) - min(times), 3) if times else 0.0,
            tables=tables,
            checks=checks,
            failures=failures_of(entries),
            table_seconds=_table_seconds(entries),
        )

    @property
    def landing(self) -> dict[str, dict[str, int]]:
        """By source what landed, from the checks that proved it; empty where the landing tables were not built."""
        numbers = {(c["table"], c["check"]): c["metadata"] for c in self.checks}

        def number(table: str, check: str, side: str) -> int:
            return int(numbers[table, check][side])

        return {
            source: {
                "files": number(contract.table, "files_accounted", "expected"),
                "objects": number(contract.table, "objects_accounted", "expected"),
                "rows": number(contract.table, "row_count", "actual"),
                "quarantined": number(contract.table, "quarantined", "actual"),
                "erased": number(contract.table, "erased", "actual"),
                "bytes": number(contract.table, "bytes_accounted", "expected"),
            }
            for source, contract in SOURCES.items()
            if (contract.table, "files_accounted") in numbers
        }

    def write_json(self, file: Path) -> None:
        """Writes the report, as one JSON object."""
        content = {
            "success": self.success,
            "run_id": self.run_id,
            "engine": self.engine,
            "consent": self.policy.consent,
            "serials": self.policy.serials,
            "seconds": self.seconds,
            "tables": self.tables,
            "landing": self.landing,
            "checks": self.checks,
        }
        file.write_text(json.dumps(content, indent=2) + "\n")

    def print(self, quiet: bool = False) -> None:
        """The table on the terminal, then what failed and what deserves a look. `quiet`: only what failed."""
        if not quiet:
            self._print_tables()
        for check in self.checks:
            if not check["passed"] and not (quiet and check["severity"] == "WARN"):
                print_line(
                    f"{in_colour(check['severity'], _colour([check]))}  {check['table']}.{check['check']}: "
                    f"expected {_number(check['metadata']['expected'])}, found {_number(check['metadata']['actual'])}"
                    + (_UNREADABLE if check["check"] == "unreadable" else "")
                )
        for failure in self.failures:
            print_line(f"{in_colour('FAILED', 'red')}  {failure}")
        if not (quiet and self.success):
            print_line(
                f"run {self.run_id} {self._outcome} in {self.seconds:.1f} s"
                + ("" if self.success else "; tables that this run did not publish are as they were")
            )

    def _print_tables(self) -> None:
        rows: list[list[str]] = []
        colours: dict[tuple[int, int], Colour] = {}
        for name, table in self.tables.items():
            judged = [check for check in self.checks if check["table"] == name]
            if not judged and table["snapshot_id"] is None:
                continue
            colours[len(rows), 3] = _colour(judged)
            rows.append(
                [
                    name,
                    _number(table["rows"]),
                    _number(table["expected"]),
                    f"{sum(check['passed'] for check in judged)} of {len(judged)}",
                    str(table["snapshot_id"] or "not published"),
                    "unchanged" if table["unchanged"] else self._seconds_of(name),
                ]
            )
        if rows:
            columns = ["table", "rows", "expected", "checks passed", "snapshot", "seconds"]
            print_table(columns, rows, right=(1, 2, 3, 5), colours=colours)

    @property
    def _outcome(self) -> str:
        if not self.success:
            return in_colour("failed", "red")
        is_new = any(table["published"] and not table["unchanged"] for table in self.tables.values())
        return in_colour("published" if is_new else "found nothing new", "green")

    def _seconds_of(self, table: str) -> str:
        return f"{self.table_seconds[table]:.1f}" if table in self.table_seconds else ""


def _table_of(entry: "EventLogEntry") -> str:
    key = entry.dagster_event.asset_key if entry.dagster_event else None
    return key.path[-1] if key else ""


def _metadata(entry: "EventLogEntry") -> dict[str, Any]:
    materialization = entry.asset_materialization
    return {name: value.value for name, value in materialization.metadata.items()} if materialization else {}


def _table_seconds(entries: "Sequence[EventLogEntry]") -> dict[str, float]:
    """From the end of what came before to the table's publication; the landing tables share one step."""
    marks = of_type(entries, "STEP_START", "ASSET_MATERIALIZATION")
    seconds: dict[str, float] = {}
    previous = None
    for entry in marks:
        if previous is not None and entry.asset_materialization is not None:
            seconds[_table_of(entry)] = entry.timestamp - previous
        previous = entry.timestamp
    return seconds


def _colour(checks: Sequence[Mapping[str, Any]]) -> Colour:
    """Green where all passed, yellow where only warnings did not."""
    failed = {check["severity"] for check in checks if not check["passed"]}
    return "red" if failed - {"WARN"} else "yellow" if failed else "green"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _snapshot(metadata: Mapping[str, Any]) -> int | None:
    """The UI's language rounds such large numbers, so Dagster keeps them as text."""
    return int(metadata["stedi/snapshot_id"]) if "stedi/snapshot_id" in metadata else None
