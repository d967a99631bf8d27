"""Rolling a table back: an older version is current again, or it is refused and nothing changed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance

from stedi_assets.building import rollback
from stedi_assets.building.rollback import NoSuchVersionError, PolicyRefusedError, RolledBack, roll_back, version_to
from stedi_assets.cli.dagster_home import dagster_instance
from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    ACCELEROMETER_TRUSTED,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
    Contract,
)
from stedi_assets.lakehouse.lakehouse import Lakehouse, open_lakehouse
from stedi_assets.lakehouse.publication import UPKEEP, PublicationRefusedError
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.versions import versions_of
from stedi_assets.policy import policy_of
from stedi_assets.settings import Settings
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.erased_tables import ANN, BEN, CID, people, publish, snapshot_ids, table_of
from stedi_assets_tests.support.frames import frame
from stedi_assets_tests.support.lake import (
    CUSTOMERS,
    MOTIONS,
    STEPS,
    TAKEN,
    Lake,
    bring,
    customer,
    failure,
    motion,
    step,
)

WITH_READINGS = (ACCELEROMETER_TRUSTED, CUSTOMERS_CURATED, STEP_TRAINER_TRUSTED, MACHINE_LEARNING_CURATED)


@contextmanager
def lakehouse_of(lake: Lake, tables: Tables) -> Iterator[Lakehouse]:
    settings = Settings.load()
    policy = policy_of(settings, int(time.time() * 1000))
    with open_lakehouse(settings, policy, tables.spark, lambda: lake.s3, lake.zone.uri) as lakehouse:
        yield lakehouse


def back(lake: Lake, tables: Tables, contract: Contract, to: int | None = None) -> RolledBack:
    with lakehouse_of(lake, tables) as lakehouse:
        return roll_back(lakehouse, contract, to)


@pytest.fixture
def withdrawn(lake: Lake, landed: Path) -> Path:
    """Two runs, all tables twice; before the second ann withdrew."""
    assert lake.run().success
    customers = [*CUSTOMERS, customer("ANN@x.org ", "s1", agreed=None, updated=TAKEN)]
    steps = [*STEPS, step("s2", TAKEN + 9), {"cut": "off"}]
    bring(lake, landed, customers, [*MOTIONS, motion("ben@x.org", TAKEN + 9)], steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
        result = lake.run()
    assert result.success, failure(result)
    return landed


def test_nobody_comes_back_who_has_withdrawn(lake: Lake, tables: Tables, withdrawn: Path, home: Path) -> None:
    for contract in (CUSTOMER_TRUSTED, *WITH_READINGS, CUSTOMER_LANDING):
        current = lake.snapshot(contract)
        with pytest.raises(PolicyRefusedError, match="withdrawn_since expected 0, found 1") as refused:
            back(lake, tables, contract)
        assert "@" not in str(refused.value)
        assert lake.snapshot(contract) == current
    failed = {verdict.check for verdict in refused.value.verdicts}
    assert failed == {"withdrawn_since"}
    with pytest.raises(PolicyRefusedError, match="consent_by_subject expected 0, found"):
        back(lake, tables, MACHINE_LEARNING_CURATED)
    older = versions_of(table_of(tables, ACCELEROMETER_LANDING))[-1]
    done = back(lake, tables, ACCELEROMETER_LANDING, older.snapshot_id)
    assert done.after.snapshot_id == lake.snapshot(ACCELEROMETER_LANDING) == older.snapshot_id
    assert len(lake.rows(ACCELEROMETER_LANDING)) == len(MOTIONS), "readings land whoever's they are"
    assert lake.published(ACCELEROMETER_LANDING).summary == older.summary
    lake.request("ben@x.org")
    with pytest.raises(PolicyRefusedError, match="erased_kept_out expected 0, found"):
        back(lake, tables, ACCELEROMETER_LANDING, done.before.snapshot_id)
    _the_command_says_so_and_tells_dagster(lake, tables, home)


def _the_command_says_so_and_tells_dagster(lake: Lake, tables: Tables, home: Path) -> None:
    refused = command("stedi", "rollback", "customer_trusted", home=home)
    assert (refused.returncode, refused.stderr.count("Traceback")) == (1, 0)
    assert "consent_by_email expected 0, found 2, withdrawn_since expected 0, found 1" in refused.stdout, "ann, ben"
    first = versions_of(table_of(tables, LANDING_QUARANTINE))[-1].snapshot_id
    done = command("stedi", "rollback", "landing_quarantine", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"to {first}, 0 rows" in done.stdout
    assert lake.snapshot(LANDING_QUARANTINE) == first
    with dagster_instance(home) as instance:
        assert _observed(instance, "landing_quarantine") == {"dagster/row_count": 0, "stedi/snapshot_id": str(first)}
    wrong = command("stedi", "rollback", "landing_quarantine", "--to", str(first), home=home)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1), wrong.stderr
    assert "is what readers of landing_quarantine see now" in wrong.stderr


def _observed(instance: DagsterInstance, table: str) -> dict[str, Any]:
    (record,) = instance.fetch_observations(AssetKey(["landing", table]), limit=1).records
    observation = record.asset_observation
    assert observation is not None
    assert observation.description is not None
    assert observation.description.startswith("rolled back")
    return {n: v.value for n, v in observation.metadata.items() if n in ("dagster/row_count", "stedi/snapshot_id")}


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has a record: consent is not what these tests are about."""
    monkeypatch.setattr(rollback, "_verdicts", lambda *_: [])


@pytest.mark.usefixtures("unasked")
def test_which_version_is_the_one_before(lake: Lake, tables: Tables) -> None:
    first, second, third = (publish(tables, *who) for who in ((ANN,), (ANN, BEN), (ANN, BEN, CID)))
    assert back(lake, tables, CUSTOMER_TRUSTED).after.snapshot_id == second
    assert (people(tables), lake.snapshot(CUSTOMER_TRUSTED)) == ([ANN, BEN], second)
    assert back(lake, tables, CUSTOMER_TRUSTED).after.snapshot_id == first
    with pytest.raises(NoSuchVersionError, match="no older version"):
        back(lake, tables, CUSTOMER_TRUSTED)
    with pytest.raises(NoSuchVersionError, match="has no snapshot 7; stedi history customer_trusted lists"):
        back(lake, tables, CUSTOMER_TRUSTED, 7)
    assert back(lake, tables, CUSTOMER_TRUSTED, third).before.snapshot_id == first
    assert snapshot_ids(tables) == [first, second, third], "no version is made or lost"
    table = table_of(tables)
    current = next(version for version in versions_of(table) if version.is_current)
    assert current.rolled_back_ms
    tables.loaded.clear()
    last = publish(tables, CID)
    with table_of(tables).manage_snapshots() as references:
        references.create_branch(first, "trial")
    assert version_to(table_of(tables), CUSTOMER_TRUSTED, None).snapshot_id == third
    publish(tables, CID, facts={UPKEEP: "compaction"})
    found = version_to(table_of(tables), CUSTOMER_TRUSTED, None).snapshot_id
    assert (found, found != last) == (third, True), "upkeep makes no other rows of the ones before it"


@pytest.mark.usefixtures("unasked")
def test_a_table_that_is_published_meanwhile_is_not_rolled_back(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tables, ANN)
    publish(tables, BEN)
    monkeypatch.setattr(rollback, "_verdicts", lambda *_: [publish(tables, CID)][:0])
    with pytest.raises(PublicationRefusedError, match="published by someone else meanwhile"):
        back(lake, tables, CUSTOMER_TRUSTED)
    assert people(tables) == [CID]


@pytest.mark.usefixtures("unasked")
def test_a_version_with_other_columns_is_refused(lake: Lake, tables: Tables) -> None:
    fewer = replace(CUSTOMER_TRUSTED, columns=CUSTOMER_TRUSTED.columns[:-1])
    dropped = CUSTOMER_TRUSTED.columns[-1].name
    old = tables.publish(tables.stage(frame(tables.spark, fewer, {"email": ANN}), fewer), "run-0").snapshot_id
    publish(tables, BEN)
    with pytest.raises(NoSuchVersionError, match=f"differs in {dropped}; build the table anew"):
        back(lake, tables, CUSTOMER_TRUSTED, old)
    assert people(tables) == [BEN]


def test_a_version_of_too_few_subjects_or_of_an_erasure_that_is_not_finished_is_refused(
    lake: Lake, tables: Tables, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake.run().success
    assert lake.run(full=True).success
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "3")
    with pytest.raises(PolicyRefusedError, match="rules in force now: enough_subjects expected 0, found 2"):
        back(lake, tables, MACHINE_LEARNING_CURATED)
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "2")
    done = back(lake, tables, MACHINE_LEARNING_CURATED)
    lake.request("ann@x.org")  # and the erasure dies there
    with pytest.raises(PolicyRefusedError, match="consent_by_subject expected 0, found"):
        back(lake, tables, MACHINE_LEARNING_CURATED, done.before.snapshot_id)
    for contract in (CUSTOMER_TRUSTED, ACCELEROMETER_TRUSTED, STEP_TRAINER_TRUSTED):
        with pytest.raises(PolicyRefusedError, match=r"consent_by_(email|serial) expected 0, found"):
            back(lake, tables, contract)
