"""`stedi upkeep`: runs the job of upkeep, says what was done table by table.

Here: the order of that, and what is said; its JSON is an interface. Not here: the job (`jobs`, `assets.upkeep`).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.errors import refuse_without_folder
from stedi_assets.cli.job import execute
from stedi_assets.cli.tables import size
from stedi_assets.cli.terminal import print_line, print_table
from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.connection import start
from stedi_assets.lakehouse.engines import refuse_missing
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.settings import GLUE, Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

Done = dict[str, dict[str, Any]]  # by step, then by table or folder


def look_after(json_file: Path | None) -> int:
    """Runs the job: 0 when done, 1 when a step failed; what was done before it is told all the same."""
    settings = Settings.load()
    refuse_missing(settings)
    refuse_without_folder(json_file)
    starting = start(settings)  # the services come up while Python imports
    from stedi_assets.cli.dagster_home import dagster_instance
    from stedi_assets.cli.progress import Progress

    with Progress() as progress:
        progress.say("starting")
        from stedi_assets.assets.upkeep import NOT_AUDITED_BY_GLUE, NOT_COMPACTED_BY_GLUE

        starting.wait()
        with home_lock(settings, progress.say), dagster_instance(settings.home) as instance:
            done, failures = _execute(instance)
    if json_file is not None:
        content = {"success": not failures, **{step: _numbered(found) for step, found in done.items()}}
        json_file.write_text(json.dumps(content, indent=2) + "\n")
    _print(done)
    if settings.engine == GLUE:
        print_line(NOT_AUDITED_BY_GLUE)
        print_line(NOT_COMPACTED_BY_GLUE)
    for failure in failures:
        print_line(f"FAILED  {failure}")
    return 1 if failures else 0


def _execute(instance: "DagsterInstance") -> tuple[Done, list[str]]:
    """What each step that ended well did, and what the others say."""
    from stedi_assets.assets.upkeep import DONE
    from stedi_assets.failures import failures_of
    from stedi_assets.jobs import stedi_upkeep

    result = execute(instance, stedi_upkeep.name, {})
    done: Done = {}
    for event in result.get_asset_materialization_events():
        if event.asset_key is not None:
            told = event.step_materialization_data.materialization.metadata[DONE].value
            done[event.asset_key.path[-1]] = dict(told)  # type: ignore[call-overload, arg-type]
    return done, [] if result.success else failures_of(instance.all_logs(result.run_id))


def _numbered(found: dict[str, Any]) -> dict[str, Any]:
    """Snapshot ids as the numbers that they are: only the UI's language cannot hold them."""

    def numbered(name: str, value: Any) -> Any:
        if name == "snapshot_id" and value is not None:
            return int(value)
        return [int(snapshot) for snapshot in value] if name == "snapshots_removed" else value

    return {place: {name: numbered(name, value) for name, value in what.items()} for place, what in found.items()}


def _print(done: Done) -> None:
    """One line for each table, then what lay elsewhere."""
    steps = ("whole_audits", "compaction", "expired_snapshots", "orphans")
    audited, compacted, expired, cleared = (done.get(step, {}) for step in steps)
    rows = []
    for table in (contract.table for contract in CONTRACTS):
        files, old, gone = compacted.get(table, {}), expired.get(table, {}), cleared.get(table, {})
        rows.append(
            [
                table,
                f"{audited[table]['checks']:,}" if audited.get(table, {}).get("checks") else "",
                f"{files['files_before']:,} -> {files['files_after']:,}" if files.get("snapshot_id") else "",
                f"{len(old['snapshots_removed']):,} of {len(old['snapshots_removed']) + old['kept']:,}" if old else "",
                ", ".join(old.get("branches_removed", ())),
                f"{gone['objects']:,}" if gone else "",
                size(gone["bytes"]) if gone else "",
            ]
        )
    columns = ["table", "checks", "files compacted", "snapshots removed", "branches removed", "objects deleted", "size"]
    print_table(columns, rows, right=(1, 2, 3, 5, 6))
    for why in dict.fromkeys(what["left_out"] for what in audited.values() if what["left_out"]):
        left = ", ".join(table for table, what in audited.items() if what["left_out"] == why)
        print_line(f"not audited: {left}: {why}")
    for place, gone in cleared.items():
        if place not in {contract.table for contract in CONTRACTS} and (gone["objects"] or gone["uploads"]):
            found = f"{gone['objects']:,} objects deleted ({size(gone['bytes'])})"
            print_line(f"{place}: {found}, {gone['uploads']:,} unfinished uploads ended")
