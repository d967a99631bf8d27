"""Erasure where serials pass from hand to hand: whose readings go, whose stay, whatever the order of requests."""

from pathlib import Path

import pytest

from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    ACCELEROMETER_TRUSTED,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_LANDING,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets.erasure.registry import KEY, RegistryError
from stedi_assets_tests.support.lake import (
    CUSTOMERS,
    STEPS,
    Lake,
    bring,
    checks,
    customer,
    failure,
    motion,
    receipt_of,
    step,
)


def test_a_serial_that_somebody_new_has_is_no_longer_the_erased_ones(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    receipt_of(lake.forget(lake.request("ann@x.org"), rewrite_landing=True))
    newcomer = customer("eve@x.org", "s1")
    bring(
        lake,
        landed,
        customers=[*CUSTOMERS, newcomer],
        motions=[motion("eve@x.org")],
        steps=[*STEPS, step("s1", 1_660_000_000_000)],
    )
    result = lake.run()
    assert result.success, failure(result)
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s1", "s1", "s1"]
    assert checks(result)["step_trainer_landing", "erased"].metadata["stedi/actual"].value == 0
    receipt = receipt_of(lake.forget(lake.request("nobody@x.org"), rewrite_landing=True))
    assert (receipt["customers"], [zone["records"] for zone in receipt["landing"]]) == (0, [0, 1]), "ann's record again"
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s1", "s1", "s1"]


@pytest.mark.parametrize("delivers_again", [True, False])
def test_when_the_last_owner_goes_the_readings_go(lake: Lake, tmp_path: Path, delivers_again: bool) -> None:
    bring(
        lake,
        tmp_path,
        [customer("ann@x.org", "s"), customer("ben@x.org", "s"), customer("cat@x.org", "c")],
        [motion("ann@x.org"), motion("cat@x.org")],
        [step("s"), step("c")],
    )
    assert lake.run().success
    assert receipt_of(lake.forget(lake.request("ann@x.org"), rewrite_landing=True))["shared_serials"] == 1
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c", "s"]
    if delivers_again:
        lake.zone.mirror(tmp_path)
        assert lake.run().success
    assert receipt_of(lake.forget(lake.request("ben@x.org"), rewrite_landing=True))["shared_serials"] == 0
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c"]
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["c"]
    lake.zone.mirror(tmp_path)
    assert lake.run().success
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c"]


def test_motions_are_erased_by_the_address_alone(lake: Lake, landed: Path) -> None:
    bring(lake, landed, customers=[customer("ben@x.org", "s2")])
    assert lake.run().success
    assert receipt_of(lake.forget(lake.request("ann@x.org")))["customers"] == 1
    assert lake.rows(ACCELEROMETER_LANDING, "user") == ["ben@x.org", "no@x.org"]


def test_a_changed_key_costs_the_training_table_only_for_somebody_who_was_there(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_PSEUDONYM_SECRET", "the first secret of this lakehouse")
    assert lake.run().success
    monkeypatch.setenv("STEDI_PSEUDONYM_SECRET", "the second secret, after a change")
    before = lake.snapshot(MACHINE_LEARNING_CURATED)
    assert receipt_of(lake.forget(lake.request("unknown@x.org")))["customers"] == 0
    assert receipt_of(lake.forget("withdrawn"))["customers"] == 0
    assert lake.snapshot(MACHINE_LEARNING_CURATED) == before
    receipt = receipt_of(lake.forget(lake.request("ann@x.org")))
    assert receipt["tables"]["machine_learning_curated"]["rows"] == 0


def test_a_list_that_is_gone_stops_every_run(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    receipt_of(lake.forget(lake.request("ann@x.org")))
    lake.s3.delete_object(Bucket=lake.endpoints.bucket, Key=KEY)
    assert "the list of erasures, is gone" in failure(lake.run())
    assert lake.rows(ACCELEROMETER_TRUSTED, "user") == ["ben@x.org"]
    with pytest.raises(RegistryError, match="is gone"):
        lake.request("ben@x.org")
