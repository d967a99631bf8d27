"""The asset graph on small sets: what is published, what is not, and what the UI is told."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from stedi_assets.audits import verdicts_of
from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    ACCELEROMETER_TRUSTED,
    CONTRACTS,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_LANDING,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets_tests.support.lake import (
    CUSTOMERS,
    MOTIONS,
    STEPS,
    TAKEN,
    Lake,
    bring,
    checks,
    customer,
    failed_checks,
    failure,
    lines,
    materialized,
)

TRUSTED_AND_CURATED = [contract for contract in CONTRACTS if contract.zone != "landing"]


def test_every_table_is_published_with_its_checks(lake: Lake, landed: Path) -> None:
    result = lake.run()
    assert result.success
    assert materialized(result) == {contract.table for contract in CONTRACTS}
    assert lake.rows(CUSTOMER_TRUSTED, "email") == ["Ann@x.org", "ben@x.org"]
    assert lake.rows(ACCELEROMETER_TRUSTED, "user", "x") == [("ann@x.org", 0.0), ("ann@x.org", 1.0), ("ben@x.org", 0.0)]
    assert lake.rows(CUSTOMERS_CURATED, "email") == ["Ann@x.org", "ben@x.org"]
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s1", "s1", "s2"]
    (ann, s1), (ben, s2) = lake.pseudonyms("ann@x.org", "s1"), lake.pseudonyms("ben@x.org", "s2")
    expected = [(s1, ann, 0.0, True), (s1, ann, 1.0, True), (s1, ben, 0.0, False), (s2, ann, 0.0, False)]
    expected.append((s2, ann, 1.0, False))
    found = lake.rows(MACHINE_LEARNING_CURATED, "device_id", "subject_id", "x", "same_customer")
    assert found == sorted(expected, key=str)
    assert failed_checks(result) == {("machine_learning_curated", "pairs_two_customers")}


def test_check_results_belong_to_the_materialization_that_they_judged(lake: Lake, landed: Path) -> None:
    result = lake.run()
    for evaluation in checks(result).values():
        assert evaluation.target_materialization_data is not None
        assert evaluation.target_materialization_data.run_id == result.run_id
    for contract in CONTRACTS:  # and to the snapshot, for who has the catalog alone
        told = {v.check: v.passed for v in verdicts_of(contract.table, lake.published(contract).summary)}
        assert told == {check: e.passed for (table, check), e in checks(result).items() if table == contract.table}


def test_the_ui_is_told_what_a_table_is(lake: Lake, landed: Path) -> None:
    result = lake.run()
    told: dict[str, dict[str, Any]] = {
        event.asset_key.path[-1]: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    found = told["machine_learning_curated"]
    assert found["dagster/row_count"] == 5
    assert found["dagster/uri"].startswith("s3://lake/stedi/")
    assert found["stedi/snapshot_id"] == str(lake.snapshot(MACHINE_LEARNING_CURATED))
    assert found["stedi/bytes"] > 0
    assert set(found["stedi/upstream_snapshots"]) >= {"step_trainer_trusted", "accelerometer_trusted"}
    assert "dagster/column_lineage" in found
    assert "same_customer" in found["stedi/preview"]


def test_no_personal_data_in_metadata_or_checks(lake: Lake, landed: Path) -> None:
    result = lake.run()
    told = " ".join(map(repr, result.all_events)).lower()
    assert "stedi/preview" in told
    for canary in ("ann@x.org", "ben@x.org", "no@x.org", "canary name", lake.endpoints.secret_key.lower()):
        assert canary not in told


def test_dirt_goes_to_quarantine_and_the_rest_is_published(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
    one_line = "".join(json.dumps(reading) for reading in MOTIONS)
    bring(lake, tmp_path, motions=f'{one_line}null\n{{"timestamp": {TAKEN}}}\n{{"user": "cut@x.o')
    result = lake.run()
    assert result.success
    assert len(lake.rows(ACCELEROMETER_LANDING)) == len(MOTIONS)
    found = lake.rows(LANDING_QUARANTINE, "source", "reason", "field")
    assert found == [
        ("accelerometer", "damaged", None),
        ("accelerometer", "missing", "user"),
        ("accelerometer", "not_an_object", None),
    ]
    assert ("accelerometer_landing", "quarantined") in failed_checks(result)
    assert checks(result)["accelerometer_landing", "objects_accounted"].metadata["stedi/actual"].value == 7


def test_a_table_alone_reads_what_was_published_last(lake: Lake, landed: Path) -> None:
    lake.run()
    result = lake.run(select=[MACHINE_LEARNING_CURATED])
    assert result.success
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["stedi/upstream_snapshots"].value == {
        contract.table: str(lake.snapshot(contract))
        for contract in (
            STEP_TRAINER_TRUSTED,
            ACCELEROMETER_TRUSTED,
            CUSTOMERS_CURATED,
            CUSTOMER_LANDING,
            ACCELEROMETER_LANDING,
            STEP_TRAINER_LANDING,
        )
    }


def test_a_table_whose_upstream_was_never_published_says_so(lake: Lake, landed: Path) -> None:
    result = lake.run(select=[CUSTOMER_TRUSTED])
    assert not result.success
    assert "customer_landing was never published" in failure(result)


def test_who_withdraws_is_gone_after_one_run_even_if_tables_become_empty(lake: Lake, landed: Path) -> None:
    lake.run()
    withdrawn = [customer("ANN@x.org ", "s1", agreed=None, updated=TAKEN), customer("ben@x.org", "s2", 0, TAKEN)]
    bring(lake, landed, customers=[*CUSTOMERS, *withdrawn])
    result = lake.run()
    assert result.success
    assert [len(lake.rows(contract)) for contract in TRUSTED_AND_CURATED] == [0, 0, 0, 0, 0]


def test_the_same_objects_in_any_files_and_order_give_the_same_tables(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    own_columns = {
        contract.table: [name for name in contract.column_names if not name.startswith("source_")]
        for contract in CONTRACTS
    }
    before = {contract.table: lake.rows(contract, *own_columns[contract.table]) for contract in CONTRACTS}
    shuffle = random.Random(7).shuffle
    for records in (customers := [*CUSTOMERS], motions := [*MOTIONS], steps := [*STEPS]):
        shuffle(records)
    bring(lake, landed, "".join(map(json.dumps, customers)), json.dumps(motions, indent=1), lines(steps))
    (landed / "step_trainer" / "step_trainer.json").rename(landed / "step_trainer" / "it's {renamed} [1]* ü.json")
    lake.zone.mirror(landed)
    assert lake.run().success
    assert {contract.table: lake.rows(contract, *own_columns[contract.table]) for contract in CONTRACTS} == before


def test_the_same_file_twice_lands_twice_and_counts_once(lake: Lake, landed: Path) -> None:
    (landed / "accelerometer" / "again.json").write_text(lines(MOTIONS))
    lake.zone.mirror(landed)
    result = lake.run()
    assert result.success
    assert len(lake.rows(ACCELEROMETER_LANDING)) == 2 * len(MOTIONS)
    assert len(lake.rows(ACCELEROMETER_TRUSTED)) == 3
    assert failed_checks(result) >= {
        ("accelerometer_landing", "repeated_objects"),
        ("accelerometer_trusted", "repeated_readings"),
    }


def test_an_object_above_the_limit_is_refused_before_anything_is_published(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_MAX_OBJECT_BYTES", "200")
    result = lake.run()
    assert not result.success
    assert "STEDI_MAX_OBJECT_BYTES" in failure(result)
    assert lake.snapshot(CUSTOMER_LANDING) is None


def test_a_source_without_objects_is_an_error_and_changes_nothing(lake: Lake, landed: Path) -> None:
    lake.run()
    before = lake.snapshot(STEP_TRAINER_LANDING)
    for landed_object in lake.zone.objects():
        if landed_object.source == "step_trainer":
            lake.s3.delete_object(Bucket=landed_object.bucket, Key=landed_object.key)
    result = lake.run()
    assert not result.success
    assert "no .json or .json.gz objects for step_trainer" in failure(result)
    assert lake.snapshot(STEP_TRAINER_LANDING) == before


def test_what_a_step_keeps_for_itself_is_gone_afterwards(lake: Lake, landed: Path) -> None:
    lake.run()
    assert lake.keys(lake.endpoints.bucket, "staging/") == []
