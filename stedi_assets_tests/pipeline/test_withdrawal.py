"""Withdrawal: a failed run tells who it leaves published, and who no longer agrees is taken out of the history."""

import json
from pathlib import Path

import pytest

from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CONTRACTS,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets_tests.support.lake import (
    CUSTOMERS,
    STEPS,
    TAKEN,
    Lake,
    bring,
    customer,
    failed_checks,
    failure,
    lines,
    motion,
    receipt_of,
    snapshots,
    step,
)

BOTH = ["Ann@x.org", "ben@x.org"]


def withdraw_ann(lake: Lake, landed: Path, steps: str | None = None) -> None:
    withdrawn = customer("ANN@x.org ", "s1", agreed=None, updated=TAKEN)
    bring(lake, landed, customers=[*CUSTOMERS, withdrawn], **({} if steps is None else {"steps": steps}))


def test_who_withdrew_is_taken_out_of_the_history(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    withdraw_ann(lake, landed)
    assert lake.run().success
    trusted = [contract for contract in CONTRACTS if contract.zone != "landing"]
    assert all(len(snapshots(lake, contract)) == 2 for contract in trusted)
    receipt = receipt_of(lake.forget("withdrawn"))
    assert receipt["customers"] == 1
    assert all(len(snapshots(lake, contract)) == 1 for contract in trusted)
    assert lake.rows(CUSTOMER_TRUSTED, "email") == ["ben@x.org"]
    assert len(lake.rows(CUSTOMER_LANDING)) == 4, "landing is not history: who withdrew may come back"
    assert receipt_of(lake.forget("withdrawn"))["customers"] == 0


def test_a_run_that_fails_tells_who_withdrew_and_forget_takes_them_out(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    withdraw_ann(lake, landed, steps=lines(STEPS) + '{"cut')
    result = lake.run()
    assert not result.success
    assert lake.rows(CUSTOMER_TRUSTED, "email") == BOTH
    told = withdrawn_since(lake, result.run_id)
    assert told == dict.fromkeys(told, 1)
    assert set(told) == {contract.table for contract in CONTRACTS if contract.zone != "landing"}
    assert receipt_of(lake.forget("withdrawn"))["customers"] == 1
    assert lake.rows(CUSTOMER_TRUSTED, "email") == lake.rows(CUSTOMERS_CURATED, "email") == ["ben@x.org"]
    assert lake.rows(ACCELEROMETER_TRUSTED, "user") == ["ben@x.org"]
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s2"]
    assert lake.rows(MACHINE_LEARNING_CURATED) == []
    result = lake.run()
    assert not result.success
    assert set(withdrawn_since(lake, result.run_id).values()) == {0}


def withdrawn_since(lake: Lake, run_id: str) -> dict[str, int]:
    """What the check said in this run, by table, as Dagster keeps it."""
    found: dict[str, int] = {}
    for entry in lake.instance.all_logs(run_id):
        event = entry.dagster_event
        if event is not None and event.event_type_value == "ASSET_CHECK_EVALUATION":
            evaluation = event.asset_check_evaluation_data
            if evaluation.check_name == "withdrawn_since":
                assert evaluation.asset_key.path[-1] not in found
                found[evaluation.asset_key.path[-1]] = int(str(evaluation.metadata["stedi/actual"].value))
    return found


def test_a_table_whose_own_audit_failed_tells_of_what_it_left_in_place(
    lake: Lake, landed: Path, tmp_path: Path
) -> None:
    assert lake.run().success
    withdraw_ann(lake, landed)
    expectations = tmp_path / "expected.json"
    expectations.write_text(json.dumps({"accelerometer_trusted": 99}))
    result = lake.run(expect=str(expectations))
    assert ("accelerometer_trusted", "expected_rows") in failed_checks(result), failure(result)
    published = {"customer_trusted": 0}
    left = dict.fromkeys(
        ("accelerometer_trusted", "customers_curated", "step_trainer_trusted", "machine_learning_curated"), 1
    )
    assert withdrawn_since(lake, result.run_id) == {**published, **left}


def test_nobody_is_erased_where_nobody_is_known(lake: Lake) -> None:
    assert "no customer record" in failure(lake.forget("withdrawn"))


def test_who_has_no_record_that_refuses_is_kept(lake: Lake, landed: Path) -> None:
    """A customer who is missing from a delivery, or whose record was damaged, has not withdrawn."""
    assert lake.run().success
    assert lake.run(full=True).success
    cut = lines([customer("no@x.org", "s3", agreed=None)]) + '{"email": "ann@x.org", "serialNumber": "s1"'
    bring(lake, landed, customers=cut)
    result = lake.run()
    assert not result.success, "too much is in quarantine"
    assert set(withdrawn_since(lake, result.run_id).values()) == {0}
    for receipt in (receipt_of(lake.forget("withdrawn")), receipt_of(lake.forget("withdrawn"))):
        assert receipt["customers"] == 0
        assert all(table["rows_removed"] == 0 for table in receipt["tables"].values())
    assert lake.rows(CUSTOMER_TRUSTED, "email") == BOTH
    assert len(snapshots(lake, CUSTOMER_TRUSTED)) == 2


def test_an_empty_delivery_of_customers_withdraws_nobody(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    bring(lake, landed, customers="")
    assert lake.run().success
    assert lake.rows(CUSTOMER_TRUSTED) == []
    assert "no customer record" in failure(lake.forget("withdrawn"))
    assert len(snapshots(lake, CUSTOMER_TRUSTED)) == 2, "what can be rolled back to is still there"


def test_a_table_made_of_unambiguous_serials_stays_so(lake: Lake, tmp_path: Path) -> None:
    owners = [customer("ann@x.org", "s"), customer("ben@x.org", "s"), customer("cat@x.org", "c")]
    motions = [motion(f"{name}@x.org") for name in ("ann", "ben", "cat")]
    bring(lake, tmp_path, owners, motions, [step("s"), step("c")])
    result = lake.run(serials="unambiguous")
    assert result.success, failure(result)
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["c", "s"]
    bring(
        lake,
        tmp_path,
        [*owners, customer("ann@x.org", "s", agreed=None, updated=TAKEN)],
        motions,
        lines([step("c")]) + "{",
    )
    assert not lake.run(serials="unambiguous").success
    assert receipt_of(lake.forget("withdrawn"))["customers"] == 1
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["c"]


def test_too_few_subjects_are_too_few_after_an_erasure_too(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "2")
    assert lake.run().success
    assert lake.rows(MACHINE_LEARNING_CURATED) != []
    withdraw_ann(lake, landed)
    receipt = receipt_of(lake.forget("withdrawn"))
    assert receipt["tables"]["machine_learning_curated"]["rows"] == 0
    assert receipt["tables"]["machine_learning_curated"]["rows_removed"] == 5
    assert lake.rows(CUSTOMER_TRUSTED, "email") == ["ben@x.org"]


def test_what_an_erasure_leaves_is_judged_by_the_minimum_in_force_now(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake.run().success
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "2")
    receipt = receipt_of(lake.forget(lake.request("ann@x.org")))
    assert receipt["tables"]["machine_learning_curated"]["rows"] == 0
