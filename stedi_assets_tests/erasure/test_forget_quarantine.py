"""Erasure and the quarantine: what is the person's own goes, what is another's stays, and both are counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING, LANDING_QUARANTINE, STEP_TRAINER_LANDING, STEP_TRAINER_TRUSTED
from stedi_assets_tests.support.lake import (
    TAKEN,
    Lake,
    bring,
    checks,
    customer,
    failure,
    lines,
    motion,
    receipt_of,
    step,
)

CUSTOMERS = [customer("ann@x.org", "s"), customer("ben@x.org", "s"), customer("cat@x.org", "c")]
# Ben's newest record, which does not fit, and one that breaks off; dora and ed are known by such a record alone.
BENS = customer("ben@x.org", "s", updated=TAKEN) | {"shareWithResearchAsOfDate": "soon"}
DORAS = customer("dora@x.org", "d") | {"lastUpdateDate": "soon", "customerName": "Dora Doe"}
EDS = customer("ed@x.org", "c") | {"lastUpdateDate": "soon"}
CUT = '{"customerName": "Ben", "email": "ben@x.org", "serialNumber": "s", "phone": '


def damaged(*users: str) -> str:
    """A line for each, all damaged in the same way: one stretch."""
    return lines([motion(user) for user in users]).replace("1.0", "1.")


@pytest.fixture
def quarantined(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
    people = lines([*CUSTOMERS, BENS, DORAS, EDS]) + CUT
    motions = lines([motion("ann@x.org"), motion("ben@x.org")]) + damaged("ben@x.org", "ann@x.org", "cat@x.org")
    bring(lake, tmp_path, people, motions, [step("s"), step("c"), step("d"), step("s") | {"distanceFromObject": "far"}])
    result = lake.run()
    assert result.success, failure(result)
    assert len(raws(lake)) == 6
    return tmp_path


def raws(lake: Lake) -> list[str]:
    found: list[str] = lake.rows(LANDING_QUARANTINE, "raw")
    return found


def of_customers(lake: Lake) -> list[Any]:
    return sorted(json.loads(raw)["email"] for raw in raws(lake) if "lastUpdateDate" in raw)


def run(lake: Lake) -> dict[tuple[str, str], Any]:
    result = lake.run()
    assert result.success, failure(result)
    return {name: check.metadata["stedi/actual"].value for name, check in checks(result).items()}


def test_what_is_anothers_stays_whatever_it_has_of_the_erased(lake: Lake, quarantined: Path) -> None:
    """Ann and ben share a serial; of a damaged stretch her line goes, whether the zone is rewritten or not."""
    receipt = receipt_of(lake.forget(lake.request("ann@x.org")))
    assert (receipt["customers"], receipt["shared_serials"], receipt["mentioned_by_others"]) == (1, 1, 3)
    assert receipt["tables"]["landing_quarantine"]["rows_removed"] == 1
    counted = run(lake)
    assert of_customers(lake) == ["ben@x.org", "dora@x.org", "ed@x.org"]
    assert CUT.strip() in raws(lake)
    assert damaged("ben@x.org", "cat@x.org").strip() in raws(lake)
    assert [raw for raw in raws(lake) if "ann" in raw] == []
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c", "d", "s"], "they are ben's, too"
    assert counted["accelerometer_landing", "erased"] == 1
    assert counted["accelerometer_landing", "objects_accounted"] == 3
    assert counted["landing_quarantine", "erased_kept_out"] == 0
    receipt = receipt_of(lake.forget(lake.request("ann@x.org"), rewrite_landing=True))
    assert receipt["landing"][1]["records"] == 3, "her record, her reading, her line of the stretch"
    run(lake)
    assert lake.rows(ACCELEROMETER_LANDING, "user") == ["ben@x.org"]
    assert damaged("ben@x.org", "cat@x.org").strip() in raws(lake)
    assert of_customers(lake) == ["ben@x.org", "dora@x.org", "ed@x.org"]


def test_who_is_known_by_a_quarantined_record_alone_is_known(lake: Lake, quarantined: Path) -> None:
    """Dora's readings go by the serial in it; cat's stay, as ed has the same serial by such a record."""
    assert receipt_of(lake.forget(lake.request("dora@x.org"), rewrite_landing=True))["customers"] == 1
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c", "s"]
    receipt = receipt_of(lake.forget(lake.request("cat@x.org"), rewrite_landing=True))
    assert (receipt["shared_serials"], receipt["mentioned_by_others"]) == (1, 1)
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == ["s"], "ed agrees to nothing"
    for _ in range(2):
        assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c", "s"]
        counted = run(lake)
    assert of_customers(lake) == ["ben@x.org", "ed@x.org"]
    assert counted["landing_quarantine", "erased_mentioned"] == 0, "a serial of another is no mention where it lands"
    lake.zone.mirror(quarantined)
    counted = run(lake)
    assert lake.rows(STEP_TRAINER_LANDING, "serialnumber") == ["c", "s"]
    assert counted["customer_landing", "erased"] == 2
