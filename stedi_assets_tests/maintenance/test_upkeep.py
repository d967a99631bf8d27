"""Upkeep as the night runs it: the job, what it tells Dagster, the command; and `tables` and `history` beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
from dagster import DefaultScheduleStatus, ExecuteInProcessResult

from stedi_assets.contracts import ACCELEROMETER_TRUSTED, CONTRACTS, CUSTOMER_LANDING, CUSTOMER_TRUSTED
from stedi_assets.definitions import build_definitions
from stedi_assets.jobs import stedi_upkeep
from stedi_assets.lakehouse.objects import put_object, stored_below, table_objects
from stedi_assets.lakehouse.snapshots import snapshots_of
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.writing import scratch_of, write_files
from stedi_assets.schedules import nightly_upkeep
from stedi_assets.upkeep import compaction
from stedi_assets_tests.maintenance.test_upkeep_compaction import FACTS, PEOPLE
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.erased_tables import table_of
from stedi_assets_tests.support.lake import TAKEN, Lake, failure, lines, motion, snapshots
from stedi_assets_tests.support.small_files import deliver

STEPS = ["whole_audits", "compaction", "expired_snapshots", "orphans"]


def look_after(lake: Lake) -> ExecuteInProcessResult:
    return (
        build_definitions()
        .resolve_job_def(stedi_upkeep.name)
        .execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            instance=lake.instance,
            raise_on_error=False,
        )
    )


def told(result: ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """The metadata of each step, in the order in which they ran."""
    return {
        event.asset_key.path[-1]: {
            name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def test_a_night(lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction leaves old versions to expiry, which leaves their files to the orphans; nobody's rows change."""
    monkeypatch.setenv("STEDI_RETENTION_DAYS", "0")
    for person in PEOPLE:
        deliver(tables, person, facts=FACTS)
    rows = lake.rows(CUSTOMER_LANDING)
    location = table_of(tables, CUSTOMER_LANDING).location()
    staging = lake.store.uri("staging")
    left = [f"{scratch_of(location)}/dead/metadata/v1.metadata.json", f"{staging}/dead/part-0.parquet"]
    for uri in left:
        put_object(lake.s3, uri, b"left")
    result = look_after(lake)
    assert result.success, failure(result)
    metadata = told(result)
    assert list(metadata) == STEPS
    numbers = {name: value for step in STEPS for name, value in metadata[step].items() if isinstance(value, int)}
    assert numbers["stedi/tables_rewritten"] == 1
    assert (numbers["stedi/files_before"], numbers["stedi/files_after"]) == (10, 1)
    assert (numbers["stedi/snapshots_removed"], numbers["stedi/snapshots_kept"]) == (10, 1)
    assert numbers["stedi/objects_deleted"] > 30
    assert numbers["stedi/bytes_deleted"] > numbers["stedi/bytes_saved"] > 0
    assert "| customer_landing | 10 | 1 |" in metadata["compaction"]["stedi/tables"]
    assert "| customer_landing | 10 |  | 1 | 0 |" in metadata["expired_snapshots"]["stedi/tables"]
    assert f"| {staging} | 1 | 4 | 0 |" in metadata["orphans"]["stedi/tables"]
    assert not any("@" in str(value) for step in metadata.values() for value in step.values())
    assert lake.rows(CUSTOMER_LANDING) == rows
    (only,) = snapshots_of(table_of(tables, CUSTOMER_LANDING))
    needed = {*only.referenced, table_of(tables, CUSTOMER_LANDING).metadata_location}
    assert table_objects(lake.s3, location) == needed
    assert stored_below(lake.s3, scratch_of(location)) == stored_below(lake.s3, staging) == {}


def test_it_may_come_among_the_tables(lake: Lake, landed: Path) -> None:
    """As it does where all assets are materialized at once: what audits keep for others after them lies where it
    tidies."""
    everything = build_definitions().resolve_implicit_global_asset_job_def()
    config = {"landing": lake.zone.uri, "expect": "none"}
    result = everything.execute_in_process(
        run_config={
            "resources": {"lakehouse": {"config": config}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
        instance=lake.instance,
        raise_on_error=False,
    )
    assert result.success, failure(result)
    steps = [event.step_key for event in result.all_events if event.is_step_success]
    assert steps.index("upkeep__orphans") < steps.index("curated__machine_learning_curated")


@pytest.mark.usefixtures("small_parts")
def test_every_table_is_audited_as_a_whole(lake: Lake, landed: Path) -> None:
    """After increments as after full builds; a landing table by what was counted when its objects were read."""
    assert lake.run().success
    for number in range(2):
        lake.put(f"accelerometer/delivery/{number}/new.json", lines([motion("ben@x.org", TAKEN + 100 + number)]))
        assert lake.run().success
    audited = lake.published(ACCELEROMETER_TRUSTED).summary["stedi.audited"]
    assert audited.startswith("what is new, added to the totals of snapshot ")
    result = look_after(lake)
    assert result.success, failure(result)
    done = told(result)["whole_audits"]
    checks = {c.table: len(json.loads(lake.published(c).summary["stedi.checks"])) for c in CONTRACTS}
    assert done["stedi/done"] == {table: {"checks": count, "left_out": None} for table, count in checks.items()}
    assert all(f"| {table} | {count} |" in done["stedi/tables"] for table, count in checks.items())


def test_a_published_table_that_is_wrong_ends_the_night(
    lake: Lake, landed: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that one could go back to is cleared away then."""
    monkeypatch.setenv("STEDI_RETENTION_DAYS", "0")
    assert lake.run().success
    good = lake.published(ACCELEROMETER_TRUSTED)
    rows = tables.read(ACCELEROMETER_TRUSTED)
    staged = tables.stage(rows.unionByName(rows.limit(1)), ACCELEROMETER_TRUSTED)
    tables.publish(staged, "run-2", {name: fact for name, fact in good.summary.items() if name.startswith("stedi.")})
    result = look_after(lake)
    said = failure(result)
    assert said.startswith("what is published does not pass its checks, or passes by other numbers than it did: ")
    assert "accelerometer_trusted: row_count expected 3, found 4" in said
    assert "accelerometer_trusted: grain expected 0, found 1" in said
    assert told(result) == {}
    assert good.snapshot_id in snapshots(lake, ACCELEROMETER_TRUSTED)


@pytest.mark.parametrize(
    ("facts", "told_of_it"),
    [
        ({"repeated_readings": ["WARN", False, 0, 7]}, "accelerometer_trusted: repeated_readings expected 0, found 0"),
        (None, "something else than this product has written it: "),
    ],
    ids=["by other numbers", "by somebody else"],
)
def test_what_was_recorded_is_compared(
    lake: Lake, landed: Path, tables: Tables, facts: dict[str, Any] | None, told_of_it: str
) -> None:
    """The rows are right both times."""
    assert lake.run().success
    good = lake.published(ACCELEROMETER_TRUSTED)
    kept = {name: fact for name, fact in good.summary.items() if name.startswith("stedi.")}
    table = table_of(tables, ACCELEROMETER_TRUSTED)
    if facts is None:
        table.overwrite(table.scan().to_arrow())
        metadata = told(look_after(lake))["whole_audits"]
        assert metadata["stedi/done"]["accelerometer_trusted"]["left_out"].startswith(told_of_it)
        return
    kept["stedi.checks"] = json.dumps(json.loads(kept["stedi.checks"]) | facts)
    tables.publish(tables.stage(tables.read(ACCELEROMETER_TRUSTED), ACCELEROMETER_TRUSTED), "run-2", kept)
    assert told_of_it in failure(look_after(lake))


def test_what_is_refused_of_one_table_is_done_for_the_others(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in PEOPLE[:5]:
        deliver(tables, person)
        deliver(tables, person, contract=CUSTOMER_TRUSTED)

    def lose_a_row(rows: Any, schema: Any, folder: str, *arguments: Any) -> Any:
        return write_files(rows.limit(4) if "customer_landing" in folder else rows, schema, folder, *arguments)

    monkeypatch.setattr(compaction, "write_files", lose_a_row)
    result = look_after(lake)
    assert not result.success
    assert failure(result).startswith("customer_landing should have the rows 5-")
    assert len(lake.published(CUSTOMER_LANDING).files) == 5
    assert len(lake.published(CUSTOMER_TRUSTED).files) == 1


def test_the_commands(lake: Lake, tables: Tables, home: Path, tmp_path: Path) -> None:
    for person in PEOPLE:
        deliver(tables, person, facts=FACTS)
    file = tmp_path / "done.json"
    done = command("stedi", "upkeep", "--json", str(file), home=home, STEDI_RETENTION_DAYS="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 -> 1" in done.stdout
    content = json.loads(file.read_text())
    current = lake.published(CUSTOMER_LANDING).snapshot_id
    assert content["success"]
    assert content["compaction"]["customer_landing"]["snapshot_id"] == current
    assert content["expired_snapshots"]["customer_landing"]["kept"] == 1
    assert content["orphans"]["customer_landing"]["objects"] > 30
    listed = command("stedi", "tables", "--json", str(file), home=home)
    assert listed.returncode == 0, listed.stderr
    table = json.loads(file.read_text())["tables"]["customer_landing"]
    assert (table["rows"], table["snapshot_id"], table["files"]) == (10, current, 1)
    assert table["checks"] == [{"check": "grain", "severity": "ERROR", "passed": True, "expected": 0, "actual": 0}]
    (line,) = [line for line in listed.stdout.splitlines() if line.startswith("customer_landing")]
    assert str(current) in line
    assert "1 of 1" in line
    assert sum("never published" in line for line in listed.stdout.splitlines()) == len(CONTRACTS) - 1
    history = command("stedi", "history", "customer_landing", "--json", str(file), home=home)
    assert "upkeep compaction" in history.stdout
    (version,) = json.loads(file.read_text())["versions"]
    assert (version["snapshot_id"], version["made_by"], version["current"]) == (current, "upkeep", True)
    assert {current} == snapshots(lake, CUSTOMER_LANDING)


def test_it_runs_every_night() -> None:
    assert (nightly_upkeep.job_name, nightly_upkeep.default_status) == ("stedi_upkeep", DefaultScheduleStatus.RUNNING)
    assert (nightly_upkeep.cron_schedule, nightly_upkeep.execution_timezone) == ("30 3 * * *", "Etc/UTC")
    job = build_definitions().resolve_job_def("stedi_upkeep")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {f"upkeep/{step}" for step in STEPS}
