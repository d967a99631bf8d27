"""What a run does with what is new, and with nothing new: the tables are what a full build makes them."""

from pathlib import Path
from typing import Any

import pytest

from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    CONTRACTS,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_LANDING,
)
from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets.lakehouse import resource
from stedi_assets_tests.support.lake import (
    AGREED,
    CUSTOMERS,
    TAKEN,
    Lake,
    bring,
    checks,
    customer,
    failed_checks,
    failure,
    lines,
    motion,
    receipt_of,
    step,
    unchanged,
)

ALL = {contract.table for contract in CONTRACTS}


def state(lake: Lake) -> dict[str, int | None]:
    return {contract.table: lake.snapshot(contract) for contract in CONTRACTS}


def content(lake: Lake) -> dict[str, list[Any]]:
    return {contract.table: lake.rows(contract) for contract in CONTRACTS}


def is_as_built_in_full(lake: Lake) -> bool:
    """Whether the tables have the rows that a full build makes of the zone."""
    found = content(lake)
    assert lake.run(full=True).success
    return content(lake) == found


def test_nothing_new_writes_no_snapshot_and_tells_the_same_checks(lake: Lake, landed: Path) -> None:
    first = lake.run()
    before = state(lake)
    second = lake.run()
    assert second.success
    assert state(lake) == before
    assert unchanged(second) == ALL
    told = {name: (e.passed, e.metadata["stedi/actual"].value) for name, e in checks(first).items()}
    assert {name: (e.passed, e.metadata["stedi/actual"].value) for name, e in checks(second).items()} == told
    full = lake.run(full=True)
    assert unchanged(full) == set()
    assert all(snapshot != before[table] for table, snapshot in state(lake).items())


def test_a_delivery_that_fails_its_checks_is_not_ingested(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    before = state(lake)
    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 9)]) + '{"user": "cut')
    for _ in range(2):  # nor is it taken for ingested by the next run
        result = lake.run()
        assert failed_checks(result) >= {("accelerometer_landing", "quarantine_share")}
        assert state(lake) == before
    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 9)]))
    assert lake.run().success
    assert is_as_built_in_full(lake)


def test_new_rewritten_and_deleted_objects_change_what_they_touch(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    assert lake.run().success
    files = set(lake.published(ACCELEROMETER_LANDING).files)
    steps = lake.snapshot(STEP_TRAINER_LANDING)

    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 9)]) + '{"user": "cut')
    lake.put("accelerometer/delivery/1/other [x] 'y'.json", lines([motion("ann@x.org", TAKEN + 8)]))
    assert lake.run().success
    assert (len(lake.rows(ACCELEROMETER_LANDING)), len(lake.rows(LANDING_QUARANTINE))) == (6, 1)
    assert files < set(lake.published(ACCELEROMETER_LANDING).files), "what was there was written again"
    assert lake.snapshot(STEP_TRAINER_LANDING) == steps, "a source without anything new was published"

    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 5, x=7.0)]))
    assert lake.run().success
    assert (len(lake.rows(ACCELEROMETER_LANDING)), len(lake.rows(LANDING_QUARANTINE))) == (6, 0)
    assert 7.0 in lake.rows(MACHINE_LEARNING_CURATED, "x")

    lake.put("step_trainer/delivery/1/new.json", lines([step("s1", TAKEN + 7)]))
    assert unchanged(lake.run()) == {
        "customer_landing",
        "accelerometer_landing",
        "customer_trusted",
        "accelerometer_trusted",
        "customers_curated",
    }, "and nothing else follows from step readings"

    lake.remove("accelerometer/delivery/1/new.json")
    assert lake.run().success
    assert 7.0 not in lake.rows(MACHINE_LEARNING_CURATED, "x")
    assert is_as_built_in_full(lake)
    before = state(lake)
    lake.put("accelerometer/delivery/1/other [x] 'y'.json", lines([motion("ann@x.org", TAKEN + 8)]))
    assert unchanged(lake.run()) == ALL
    assert state(lake) == before, "the same object again changed something"


def test_a_consent_date_that_is_reached_is_something_new(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = AGREED + 50
    bring(lake, tmp_path / "landing", customers=[*CUSTOMERS, customer("late@x.org", "s9", agreed=later)])
    monkeypatch.setattr(resource, "_started_ms", lambda _context: later - 1)
    assert lake.run().success
    landing, trusted = lake.snapshot(CUSTOMER_LANDING), lake.published(CUSTOMER_TRUSTED)
    assert trusted.summary["stedi.next-consent-ms"] == str(later)
    assert unchanged(lake.run()) == ALL
    monkeypatch.setattr(resource, "_started_ms", lambda _context: later)
    assert lake.run().success
    assert "late@x.org" in lake.rows(CUSTOMER_TRUSTED, "email")
    assert lake.snapshot(CUSTOMER_LANDING) == landing, "nothing had landed"
    assert lake.published(CUSTOMER_TRUSTED).summary["stedi.next-consent-ms"] == ""


def test_what_else_counts_as_new(lake: Lake, landed: Path, tmp_path: Path) -> None:
    assert lake.run().success
    landing = lake.snapshot(CUSTOMER_LANDING)
    by_reading = lake.run(consent="at-reading")
    assert unchanged(by_reading) == {c.table for c in CONTRACTS if c.zone == "landing"}, "another policy"
    wrong = tmp_path / "expected.json"
    wrong.write_text('{"customer_landing": 4}')
    assert "expected 4, found 3" in failure(lake.run(expect=str(wrong), consent="at-reading"))
    assert lake.snapshot(CUSTOMER_LANDING) == landing
    # As a run leaves it that dies between two of the landing tables' commits, or somebody who rolls one back.
    lake.put("customer/delivery/1/more.json", lines([customer("new@x.org", "s8")]))
    assert lake.run().success
    table = lake.catalog.load_table("stedi.customer_landing")
    table.manage_snapshots().set_current_snapshot(snapshot_id=landing).commit()
    assert lake.run().success
    assert "new@x.org" in lake.rows(CUSTOMER_LANDING, "email")
    assert is_as_built_in_full(lake)


def test_the_erased_stay_accounted_for(lake: Lake, tmp_path: Path) -> None:
    """Also where their records are still in the zone, are not read again, and a device of theirs is another's now."""
    bring(lake, tmp_path / "landing", steps=[step("s1"), step("s2")])
    assert lake.run().success
    receipt_of(lake.forget(lake.request("ann@x.org")))
    assert lake.keys(lake.store.bucket, lake.store.key("manifests/")) == [], "manifests name objects"
    assert lake.run().success
    lake.put("step_trainer/delivery/1/new.json", lines([step("s1", TAKEN + 1), step("s2", TAKEN + 1)]))
    result = lake.run()
    assert result.success
    assert checks(result)["step_trainer_landing", "erased"].metadata["stedi/actual"].value == 2
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["s2", "s2"]
    lake.put("customer/delivery/1/new.json", lines([customer("heir@x.org", "s1")]))
    assert lake.run().success
    assert "s1" in lake.rows(STEP_TRAINER_LANDING, "serialnumber")
    assert is_as_built_in_full(lake)
    assert customer_key_of("ann@x.org") not in lake.rows(CUSTOMER_LANDING, "email")
