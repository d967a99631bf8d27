"""Each transform on small tables: the rules of the contract, one test each."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    ACCELEROMETER_TRUSTED,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    STEP_TRAINER_LANDING,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets.transforms.accelerometer_trusted import accelerometer_trusted
from stedi_assets.transforms.customer_trusted import customer_trusted
from stedi_assets.transforms.customers_curated import customers_curated
from stedi_assets.transforms.machine_learning_curated import machine_learning_curated
from stedi_assets.transforms.step_trainer_trusted import step_trainer_trusted
from stedi_assets_tests.frames import AGREED, AS_OF_MS, TAKEN, frame, values

CONSENT = "sharewithresearchasofdate"


def trusted_of(spark: SparkSession, *records: dict[str, Any]) -> DataFrame:
    return customer_trusted(frame(spark, CUSTOMER_LANDING, *records), AS_OF_MS)


@pytest.mark.parametrize("since", [None, 0, -1, AS_OF_MS + 1])
def test_no_consent_without_a_date_that_is_reached(spark: SparkSession, since: int | None) -> None:
    assert values(trusted_of(spark, {"email": "a@x", CONSENT: since}), "email") == []


@pytest.mark.parametrize("since", [1, AGREED, AS_OF_MS])
def test_consent_from_its_date_on(spark: SparkSession, since: int) -> None:
    assert values(trusted_of(spark, {"email": "a@x", CONSENT: since}), "email") == ["a@x"]


def test_newest_record_alone_governs(spark: SparkSession) -> None:
    found = trusted_of(
        spark,
        {"email": "withdrew@x", CONSENT: AGREED, "lastupdatedate": 1},
        {"email": "withdrew@x", CONSENT: None, "lastupdatedate": 2},
        {"email": "agreed@x", CONSENT: None, "lastupdatedate": 1},
        {"email": "agreed@x", CONSENT: AGREED, "lastupdatedate": 2, "serialnumber": "new"},
        {"email": "agreed@x", CONSENT: AGREED, "lastupdatedate": 1, "serialnumber": "old"},
    )
    assert values(found, "email", "serialnumber") == [("agreed@x", "new")]


def test_records_that_tie_consent_only_together(spark: SparkSession) -> None:
    found = trusted_of(
        spark,
        {"email": "half@x", CONSENT: AGREED, "lastupdatedate": 5},
        {"email": "half@x", CONSENT: None, "lastupdatedate": 5},
        {"email": "both@x", CONSENT: AGREED, "lastupdatedate": 5},
        {"email": "both@x", CONSENT: AGREED + 7, "lastupdatedate": 5},
        {"email": "twice@x", CONSENT: AGREED, "lastupdatedate": 5},
        {"email": "twice@x", CONSENT: AGREED, "lastupdatedate": 5},
    )
    assert values(found, "email", CONSENT) == [("both@x", AGREED + 7), ("twice@x", AGREED)]


def test_addresses_that_differ_in_case_or_blanks_are_one_customer(spark: SparkSession) -> None:
    found = trusted_of(
        spark,
        {"email": "Ann@X.org", CONSENT: AGREED, "lastupdatedate": 1},
        {"email": " ann@x.org ", CONSENT: None, "lastupdatedate": 2},
    )
    assert values(found, "email") == []


@pytest.mark.parametrize("blank", ["\t", "\n", "\r\n", "\xa0", "\u2003", " \t "])
def test_any_blank_around_an_address_is_none_of_it(spark: SparkSession, blank: str) -> None:
    found = trusted_of(
        spark,
        {"email": "ann@x.org", CONSENT: AGREED, "lastupdatedate": 1},
        {"email": f"{blank}Ann@x.org{blank}", CONSENT: None, "lastupdatedate": 2},
    )
    assert values(found, "email") == []


def test_null_and_blank_addresses_are_nobody(spark: SparkSession) -> None:
    assert values(trusted_of(spark, {"email": None, CONSENT: AGREED}, {"email": " ", CONSENT: AGREED}), "email") == []


def test_readings_of_trusted_customers_only(spark: SparkSession) -> None:
    landing = frame(spark, ACCELEROMETER_LANDING, {"user": "A@x "}, {"user": "b@x"}, {"user": None})
    found = accelerometer_trusted(landing, frame(spark, CUSTOMER_TRUSTED, {"email": "a@X"}, {"email": None}))
    assert values(found, "user") == ["A@x "]


def test_a_repeated_reading_counts_once(spark: SparkSession) -> None:
    landing = frame(
        spark,
        ACCELEROMETER_LANDING,
        {"user": "a@x"},
        {"user": "a@x", "source_object": "landing/again.json"},
        {"user": "a@x", "x": 1.0},
    )
    found = accelerometer_trusted(landing, frame(spark, CUSTOMER_TRUSTED, {"email": "a@x"}))
    assert values(found, "user", "x") == [("a@x", 0.0), ("a@x", 1.0)]


def test_curated_customers_have_motion_data(spark: SparkSession) -> None:
    trusted = frame(spark, CUSTOMER_TRUSTED, {"email": "Moves@x"}, {"email": "rests@x"})
    readings = frame(spark, ACCELEROMETER_TRUSTED, {"user": "moves@x"}, {"user": "moves@x", "x": 1.0})
    assert values(customers_curated(trusted, readings), "email") == ["Moves@x"]


def test_a_shared_serial_multiplies_no_reading(spark: SparkSession) -> None:
    owners = [{"email": f"{n}@x", "serialnumber": "shared"} for n in range(30)]
    readings = frame(
        spark,
        STEP_TRAINER_LANDING,
        {"serialnumber": "shared"},
        {"serialnumber": "shared", "source_offset": 99},
        {"serialnumber": "other"},
        {"serialnumber": None},
    )
    curated = frame(spark, CUSTOMERS_CURATED, *owners, {"email": "none@x", "serialnumber": None})
    assert values(step_trainer_trusted(readings, curated), "serialnumber") == ["shared"]


def test_pairs_of_one_timestamp_tell_whether_they_are_of_one_customer(spark: SparkSession) -> None:
    steps = frame(
        spark,
        STEP_TRAINER_TRUSTED,
        {"serialnumber": "s1"},
        {"serialnumber": "s2"},
        {"serialnumber": "s1", "sensorreadingtime": TAKEN + 1},
    )
    motions = frame(spark, ACCELEROMETER_TRUSTED, {"user": "A@x"}, {"user": "b@x", "timestamp": TAKEN + 2})
    curated = frame(
        spark, CUSTOMERS_CURATED, {"email": "a@x", "serialnumber": "s1"}, {"email": "b@x", "serialnumber": "s2"}
    )
    found = machine_learning_curated(steps, motions, curated)
    assert values(found, "serialnumber", "user", "same_customer") == [("s1", "A@x", True), ("s2", "A@x", False)]


def test_a_shared_serial_multiplies_no_pair(spark: SparkSession) -> None:
    curated = frame(spark, CUSTOMERS_CURATED, *({"email": f"{n}@x", "serialnumber": "shared"} for n in range(30)))
    found = machine_learning_curated(
        frame(spark, STEP_TRAINER_TRUSTED, {"serialnumber": "shared"}),
        frame(spark, ACCELEROMETER_TRUSTED, {"user": "3@x"}, {"user": "stranger@x"}),
        curated,
    )
    assert values(found, "user", "same_customer") == [("3@x", True), ("stranger@x", False)]
