"""The large tables are built on what is published of them where that can be, and say why where it cannot."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.building import increment, part
from stedi_assets.building.ground import Files, NoGroundError
from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    ACCELEROMETER_TRUSTED,
    CONTRACTS,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
    Contract,
)
from stedi_assets.lakehouse.held import Held
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.transforms import landing as transforms
from stedi_assets.transforms.increments import INCREMENTS, Increment
from stedi_assets.transforms.landing import landing_rows
from stedi_assets.upkeep import compaction
from stedi_assets_tests.support.lake import AGREED, TAKEN, Lake, customer, failed_checks, failure, lines, motion, step

pytestmark = pytest.mark.usefixtures("small_parts")
LARGE = (ACCELEROMETER_TRUSTED, STEP_TRAINER_TRUSTED, MACHINE_LEARNING_CURATED)


def run(lake: Lake, full: bool = False, consent: str = "published") -> dict[str, str]:
    """A run, and how it built the tables."""
    result = lake.run(full=full, consent=consent)
    assert result.success, failure(result)
    return {contract.table: lake.published(contract).summary["stedi.built"] for contract in LARGE}


def all_of(how: str) -> dict[str, str]:
    return {contract.table: how for contract in LARGE}


def files(lake: Lake) -> dict[str, set[str]]:
    return {contract.table: set(lake.published(contract).files) for contract in LARGE}


def deliver(lake: Lake, number: int, email: str, serial: str) -> None:
    """A motion and a step of a moment of their own."""
    lake.put(f"accelerometer/delivery/{number}/new.json", lines([motion(email, TAKEN + 100 + number)]))
    lake.put(f"step_trainer/delivery/{number}/new.json", lines([step(serial, TAKEN + 100 + number)]))


def test_new_rows_come_beside_the_files_that_stay(
    lake: Lake, landed: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New readings are appended, also where upkeep has compacted what they came from; of who withdraws, only the files
    with their rows are written again."""
    assert run(lake) == all_of("in full: it was never published")
    before = files(lake)
    deliver(lake, 1, "ben@x.org", "s2")
    assert run(lake) == all_of("as an increment")
    after = files(lake)
    assert all(before[table] < after[table] for table in before), "what was there was written again"
    monkeypatch.setattr(compaction, "FEWEST", 2)
    assert compaction.compact(tables, ACCELEROMETER_LANDING, "upkeep").snapshot_id is not None
    lake.put("customer/delivery/2/new.json", lines([customer("ann@x.org", "s1", agreed=None, updated=AGREED + 1)]))
    deliver(lake, 2, "ben@x.org", "s2")
    assert run(lake) == all_of("as an increment")
    for table, found in files(lake).items():
        assert found & after[table], f"files of {table} without a row of who withdrew were written again"
        assert not found >= after[table], f"a file of {table} with rows of who withdrew is still there"
    assert {user.strip().lower() for user in lake.rows(ACCELEROMETER_TRUSTED, "user")} == {"ben@x.org"}
    rows = {contract.table: lake.rows(contract) for contract in CONTRACTS}
    assert run(lake, full=True) == all_of("in full: as it was asked for")
    assert {contract.table: lake.rows(contract) for contract in CONTRACTS} == rows


def test_what_takes_a_full_build_says_why(lake: Lake, landed: Path) -> None:
    run(lake)
    deliver(lake, 1, "ben@x.org", "s2")
    why = "what is published was made by other rules or another policy, or is left of an erasure"
    assert run(lake, consent="at-reading") == all_of(f"in full: {why}")
    deliver(lake, 1, "ann@x.org", "s1")
    assert run(lake, consent="at-reading") == {
        "accelerometer_trusted": "in full: rows of accelerometer_landing were taken away or written again",
        "step_trainer_trusted": "in full: rows of step_trainer_landing were taken away or written again",
        "machine_learning_curated": "as an increment",
    }


def forgetting_who_withdrew(found: Increment) -> Increment:
    return replace(found, touched=found.touched.limit(0))


def doubling_what_comes(found: Increment) -> Increment:
    return replace(found, rows=found.rows.unionByName(found.rows))


def losing_what_comes(found: Increment) -> Increment:
    return replace(found, rows=found.rows.limit(0))


WRONG = {
    forgetting_who_withdrew: {
        "accelerometer_trusted": "consent_by_email",
        "step_trainer_trusted": "consent_by_serial",
        "machine_learning_curated": "consent_by_subject",
    },
    doubling_what_comes: dict.fromkeys(INCREMENTS, "grain"),
    losing_what_comes: dict.fromkeys(INCREMENTS, "row_count"),
}


def refused(lake: Lake, contract: Contract, check: str) -> None:
    """A run ends at that check of the table, and leaves it as it is."""
    snapshot = lake.snapshot(contract)
    result = lake.run()
    assert (contract.table, check) in failed_checks(result)
    assert lake.snapshot(contract) == snapshot


def test_a_wrong_increment_is_not_published(lake: Lake, landed: Path) -> None:
    """Though its audit looks at a part of the table alone."""
    run(lake)
    lake.put("customer/delivery/2/new.json", lines([customer("ann@x.org", "s1", agreed=None, updated=AGREED + 1)]))
    deliver(lake, 2, "ben@x.org", "s2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Files, "came", [])
        refused(lake, ACCELEROMETER_TRUSTED, "row_count")
    for contract in LARGE:
        right = INCREMENTS[contract.table]
        for wrong, found_by in WRONG.items():
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(INCREMENTS, contract.table, lambda versions, w=wrong, r=right: w(r(versions)))  # type: ignore[misc]
                refused(lake, contract, found_by[contract.table])
    assert run(lake) == all_of("as an increment")
    for contract in (ACCELEROMETER_LANDING, *LARGE):
        told = lake.published(contract).summary["stedi.audited"]
        assert told.startswith("what is new, added to the totals of snapshot "), contract.table


def test_what_stays_is_looked_at_where_it_is_written_again(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At moments at which nothing was touched, and by no count of rows."""
    run(lake)
    lake.put("customer/delivery/2/new.json", lines([customer("ann@x.org", "s1", agreed=None, updated=AGREED + 1)]))
    grow = increment.grow

    def replaced(column: str, value: Any) -> Callable[..., Any]:
        def grown(*given: Any) -> Any:
            found = grow(*given)
            return replace(
                found, rows=found.rows.withColumn(column, F.lit(value).cast(found.rows.schema[column].dataType))
            )

        return grown

    for column, value, check in (
        ("x", None, "required_values"),
        ("timestamp", None, "required_values"),
        ("user", "no@x.org", "consent_by_email"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(increment, "grow", replaced(column, value))
            refused(lake, ACCELEROMETER_TRUSTED, check)


def test_a_part_that_cannot_be_told_is_no_failure(lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not known what customers_curated was made from, the whole table is audited."""
    run(lake)
    deliver(lake, 1, "ben@x.org", "s2")

    def no_longer_kept(*_all: Any) -> Any:
        raise NoGroundError("the version is no longer kept")

    monkeypatch.setattr(part, "files_then", no_longer_kept)
    assert run(lake) == all_of("as an increment")
    how = {contract: lake.published(contract).summary["stedi.audited"] for contract in LARGE}
    assert how[ACCELEROMETER_TRUSTED].startswith("what is new")
    assert how[STEP_TRAINER_TRUSTED] == how[MACHINE_LEARNING_CURATED] == "the whole table"


def test_nothing_is_kept_that_links_a_pseudonym(lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for the length of an audit: who may read where it lies has no key."""
    kept: list[set[str]] = []

    keep = Held.__call__

    def watching(held: Held, rows: DataFrame) -> DataFrame:
        kept.append(set(rows.columns))
        return keep(held, rows)

    monkeypatch.setattr(Held, "__call__", watching)
    run(lake)
    deliver(lake, 1, "ben@x.org", "s2")
    assert run(lake) == all_of("as an increment")
    assert any("subject_id" in columns for columns in kept), "the part of the training table was kept"
    plain = {"customer", "user", "email", "serial", "serialnumber"}
    assert [columns for columns in kept if columns & {"subject_id", "device_id"} and columns & plain] == []


def test_rows_lost_of_what_was_to_stay_are_missed(lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are counted whole each time: what an increment was to leave alone cannot go unseen."""
    run(lake)
    deliver(lake, 1, "ben@x.org", "s2")
    grow = increment.grow
    with monkeypatch.context() as patch:
        patch.setattr(increment, "grow", lambda *given: replace(grow(*given), kept=()))
        refused(lake, ACCELEROMETER_TRUSTED, "row_count")
    with monkeypatch.context() as patch:
        patch.setattr(transforms, "landing_rows", lambda *given: landing_rows(*given).where("source_offset < 0"))
        deliver(lake, 2, "ben@x.org", "s2")
        refused(lake, ACCELEROMETER_LANDING, "objects_accounted")
