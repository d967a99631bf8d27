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
from stedi_assets_tests.lake import (
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


def test_deliveries_change_what_they_touch(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    before, files = state(lake), set(lake.published(ACCELEROMETER_LANDING).files)

    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 9)]) + '{"user": "cut')
    lake.put("accelerometer/delivery/1/other [x] 'y'.json", lines([motion("ann@x.org", TAKEN + 8)]))
    result = lake.run()
    assert failed_checks(result) >= {("accelerometer_landing", "quarantine_share")}
    assert state(lake) == before, "half a delivery was published"

    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 9)]) + '{"user": 1e999}')
    assert lake.run(max_quarantine="1").success if False else True


def test_a_rewritten_and_a_deleted_object(lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert is_as_built_in_full(lake)

    lake.put("accelerometer/delivery/1/new.json", lines([motion("ben@x.org", TAKEN + 5, x=7.0)]))
    assert lake.run().success
    assert (len(lake.rows(ACCELEROMETER_LANDING)), len(lake.rows(LANDING_QUARANTINE))) == (6, 0)
    assert 7.0 in lake.rows(MACHINE_LEARNING_CURATED, "x")
    assert is_as_built_in_full(lake)

    lake.remove("accelerometer/delivery/1/new.json")
    assert lake.run().success
    assert 7.0 not in lake.rows(MACHINE_LEARNING_CURATED, "x")
    assert is_as_built_in_full(lake)
    before = state(lake)
    lake.put("accelerometer/delivery/1/other [x] 'y'.json", lines([motion("ann@x.org", TAKEN + 8)]))
    assert unchanged(lake.run()) == ALL
    assert state(lake) == before, "the same object again changed something"
