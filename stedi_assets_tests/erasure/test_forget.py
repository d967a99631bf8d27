"""Erasure through the job: who is gone from where, who stays, and that nobody comes back."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey

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
from stedi_assets.erasure import forget as forgetting
from stedi_assets.settings import Settings
from stedi_assets_tests.support.lake import (
    CUSTOMERS,
    MOTIONS,
    Lake,
    bring,
    checks,
    customer,
    failure,
    lines,
    motion,
    receipt_of,
    snapshots,
    step,
)


def landed_text(lake: Lake) -> str:
    return "".join(
        lake.s3.get_object(Bucket=landed.bucket, Key=landed.key)["Body"].read().decode()
        for landed in lake.zone.objects()
    )


def test_a_customer_is_gone_from_every_table_and_its_history_and_the_others_stay(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    run = lake.run(full=True)
    assert run.success
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    erasure = lake.forget(lake.request(" ANN@x.org"), rewrite_landing=True)
    receipt = receipt_of(erasure)
    assert receipt["customers"] == 1
    key = AssetKey(["curated", "machine_learning_curated"])
    materialized = lake.instance.get_latest_materialization_event(key)
    assert materialized is not None
    assert materialized.run_id == run.run_id, "its checks still count"
    observed = lake.instance.fetch_observations(key, limit=1).records[0].asset_observation
    assert observed is not None
    assert observed.metadata["dagster/row_count"].value == 0
    for contract in CONTRACTS:
        if contract is not LANDING_QUARANTINE:
            published = receipt["tables"][contract.table]["snapshot_id"]
            assert snapshots(lake, contract) == {published} != {before[contract.table]}
    assert lake.rows(CUSTOMER_LANDING, "email") == ["ben@x.org", "no@x.org"]
    assert lake.rows(CUSTOMER_TRUSTED, "email") == lake.rows(CUSTOMERS_CURATED, "email") == ["ben@x.org"]
    assert lake.rows(ACCELEROMETER_LANDING, "user") == ["ben@x.org", "no@x.org"]
    assert lake.rows(ACCELEROMETER_TRUSTED, "user") == ["ben@x.org"]
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["s2", "s3"]
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s2"]
    assert lake.rows(MACHINE_LEARNING_CURATED) == []
    assert "ann@" not in landed_text(lake).lower()
    removed = {table: numbers["rows_removed"] for table, numbers in receipt["tables"].items()}
    assert removed == {
        "customer_landing": 1,
        "accelerometer_landing": 2,
        "step_trainer_landing": 2,
        "landing_quarantine": 0,
        "customer_trusted": 1,
        "customers_curated": 1,
        "accelerometer_trusted": 2,
        "step_trainer_trusted": 2,
        "machine_learning_curated": 5,
    }
    assert "ann" not in json.dumps(receipt).lower()


def test_the_erased_do_not_come_back_with_their_old_files(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    receipt_of(lake.forget(lake.request("ann@x.org"), rewrite_landing=True))
    lake.zone.mirror(landed)  # the folder still has them
    (landed / "accelerometer" / "again.json.gz").write_bytes(gzip.compress(lines(MOTIONS).encode()))
    lake.zone.mirror(landed)
    result = lake.run()
    assert result.success
    assert lake.rows(CUSTOMER_LANDING, "email") == ["ben@x.org", "no@x.org"]
    assert lake.rows(ACCELEROMETER_LANDING, "user") == ["ben@x.org", "ben@x.org", "no@x.org", "no@x.org"]
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["s2", "s3"]
    told = checks(result)
    sources = ("customer", "accelerometer", "step_trainer")
    erased = {name: told[f"{name}_landing", "erased"].metadata["stedi/actual"].value for name in sources}
    assert erased == {"customer": 1, "accelerometer": 4, "step_trainer": 2}
    assert told["accelerometer_landing", "objects_accounted"].metadata["stedi/actual"].value == 2 * len(MOTIONS)


def test_damaged_records_of_the_erased_are_dropped_too(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
    misfits = [{"user": user, "timestamp": "soon"} for user in ("ANN@x.org", "ben@x.org")]
    damaged = lines(misfits) + '{"user": "ann@x.org", "ti'
    bring(lake, landed, motions=lines(MOTIONS) + damaged)
    assert lake.run().success
    assert len(lake.rows(LANDING_QUARANTINE)) == 3
    receipt = receipt_of(lake.forget(lake.request("ann@x.org"), rewrite_landing=True))
    assert receipt["tables"]["landing_quarantine"]["rows_removed"] == 2
    assert [json.loads(raw)["user"] for raw in lake.rows(LANDING_QUARANTINE, "raw")] == ["ben@x.org"]
    lake.zone.mirror(landed)
    result = lake.run()
    assert result.success
    assert [json.loads(raw)["user"] for raw in lake.rows(LANDING_QUARANTINE, "raw")] == ["ben@x.org"]
    assert checks(result)["accelerometer_landing", "erased"].metadata["stedi/actual"].value == 4


def test_readings_of_a_serial_that_another_customer_has_stay(lake: Lake, tmp_path: Path) -> None:
    """Of those who agree in every table, of one who does not agree in landing alone."""
    customers = [
        customer("ann@x.org", "with-ben"),
        customer("ben@x.org", "with-ben"),
        customer("cat@x.org", "with-no"),
        customer("no@x.org", "with-no", agreed=None),
    ]
    motions = [motion("ann@x.org"), motion("ben@x.org"), motion("cat@x.org")]
    bring(lake, tmp_path, customers, motions, [step("with-ben"), step("with-no")])
    assert lake.run().success
    assert receipt_of(lake.forget(lake.request("ann@x.org")))["shared_serials"] == 1
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["with-ben", "with-no"]
    assert receipt_of(lake.forget(lake.request("cat@x.org")))["shared_serials"] == 1
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["with-ben"]
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["with-ben", "with-no"]
    assert lake.run().success, "what is left is what a run makes of it"
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["with-ben"]


def test_a_landing_zone_of_the_users_own_is_rewritten_only_if_asked(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    request = lake.request("ann@x.org")
    receipt = receipt_of(lake.forget(request))
    assert [(zone["zone"], zone["rewritten"]) for zone in receipt["landing"]][1:] == [(lake.zone.uri, False)]
    assert "ann@" in landed_text(lake).lower()
    receipt = receipt_of(lake.forget(request, rewrite_landing=True))
    assert receipt["landing"][1] == {"zone": lake.zone.uri, "rewritten": True, "objects": 3, "records": 5}
    assert "ann@" not in landed_text(lake).lower()


def test_somebody_unknown_is_kept_out_from_now_on(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    assert receipt_of(lake.forget(lake.request("new@x.org")))["customers"] == 0
    assert {contract.table: lake.snapshot(contract) for contract in CONTRACTS} == before
    bring(lake, landed, customers=[*CUSTOMERS, customer("New@x.org", "s4")])
    assert lake.run().success
    assert "New@x.org" not in lake.rows(CUSTOMER_LANDING, "email")


def test_an_erasure_that_died_is_finished_by_the_same_request(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it died: before it rewrites landed objects, before its first table, between two tables."""
    assert lake.run().success
    request = lake.request("ann@x.org")
    erase = forgetting._Erasing._erase

    def dies(*_all: Any) -> Any:
        raise KeyError("the process dies here")

    def dies_at_customers(self: Any, contract: Any, *rest: Any) -> Any:
        return dies() if contract is CUSTOMERS_CURATED else erase(self, contract, *rest)

    for step_of_erasure, end in (("_rewrite", dies), ("_erase", dies), ("_erase", dies_at_customers)):
        with monkeypatch.context() as patch:
            patch.setattr(forgetting._Erasing, step_of_erasure, end)
            assert not lake.forget(request, rewrite_landing=True).success
        assert lake.registry.request(request).completed_ms is None
    receipt = receipt_of(lake.forget(request, rewrite_landing=True))
    assert lake.registry.request(request).completed_ms is not None
    assert receipt["customers"] == 1
    removed = {table: numbers["rows_removed"] for table, numbers in receipt["tables"].items() if "customer" in table}
    assert removed == dict.fromkeys(("customers_curated", "customer_trusted", "customer_landing"), 1)
    assert receipt["tables"]["machine_learning_curated"]["rows_removed"] == 5
    assert (
        sum(zone["records"] for zone in receipt["landing"]),
        receipt["tables"]["step_trainer_landing"]["rows_removed"],
    ) == (5, 2)
    assert lake.rows(CUSTOMER_LANDING, "email") == ["ben@x.org", "no@x.org"]
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s2"]
    assert lake.rows(MACHINE_LEARNING_CURATED) == []
    assert "ann@" not in landed_text(lake).lower()
    receipt_of(lake.forget(request, rewrite_landing=True))
    files = {file.name: file.read_text() for file in (Settings.load().home / "erasures").glob(f"{request}*")}
    assert files == {f"{request}.json": json.dumps(receipt, indent=2) + "\n"}, "and is not replaced by one of nothing"


def test_a_request_that_nobody_made_is_refused(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    assert "no erasure with this id" in failure(lake.forget("nobody"))
