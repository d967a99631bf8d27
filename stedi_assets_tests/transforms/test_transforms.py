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
from stedi_assets.keys import keyed_hash
from stedi_assets.policy import Policy
from stedi_assets.transforms.accelerometer_trusted import accelerometer_trusted
from stedi_assets.transforms.customer_trusted import customer_trusted
from stedi_assets.transforms.customers_curated import customers_curated
from stedi_assets.transforms.machine_learning_curated import machine_learning_curated
from stedi_assets.transforms.pseudonyms import key_frame
from stedi_assets.transforms.step_trainer_trusted import step_trainer_trusted
from stedi_assets_tests.support.frames import (
    AGREED,
    AS_OF_MS,
    AT_READING,
    PSEUDONYM_KEY,
    PUBLISHED,
    STRICT,
    TAKEN,
    UNAMBIGUOUS,
    frame,
    values,
)

CONSENT = "sharewithresearchasofdate"


def trusted_of(spark: SparkSession, *records: dict[str, Any]) -> DataFrame:
    return customer_trusted(frame(spark, CUSTOMER_LANDING, *records), PUBLISHED)


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
    found = accelerometer_trusted(landing, frame(spark, CUSTOMER_TRUSTED, {"email": "a@X"}, {"email": None}), PUBLISHED)
    assert values(found, "user") == ["A@x "]


def test_a_repeated_reading_counts_once(spark: SparkSession) -> None:
    landing = frame(
        spark,
        ACCELEROMETER_LANDING,
        {"user": "a@x"},
        {"user": "a@x", "source_object": "landing/again.json"},
        {"user": "a@x", "x": 1.0},
    )
    found = accelerometer_trusted(landing, frame(spark, CUSTOMER_TRUSTED, {"email": "a@x"}), PUBLISHED)
    assert values(found, "user", "x") == [("a@x", 0.0), ("a@x", 1.0)]


def test_curated_customers_have_motion_data(spark: SparkSession) -> None:
    trusted = frame(spark, CUSTOMER_TRUSTED, {"email": "Moves@x"}, {"email": "rests@x"})
    readings = frame(spark, ACCELEROMETER_TRUSTED, {"user": "moves@x"}, {"user": "moves@x", "x": 1.0})
    assert values(customers_curated(trusted, readings), "email") == ["Moves@x"]


def test_a_reading_counts_once_however_its_address_is_spelled(spark: SparkSession) -> None:
    landing = frame(spark, ACCELEROMETER_LANDING, {"user": "a@x"}, {"user": " A@X"}, {"user": "A@x", "x": 1.0})
    found = accelerometer_trusted(landing, frame(spark, CUSTOMER_TRUSTED, {"email": "a@x"}), PUBLISHED)
    assert values(found, "user", "x") == [(" A@X", 0.0), ("A@x", 1.0)]


def motions_at(spark: SparkSession, policy: Policy, *taken: int) -> list[int]:
    landing = frame(spark, ACCELEROMETER_LANDING, *({"user": "a@x", "timestamp": moment} for moment in taken))
    return values(
        accelerometer_trusted(landing, frame(spark, CUSTOMER_TRUSTED, {"email": "a@x", CONSENT: AGREED}), policy),
        "timestamp",
    )


def test_at_reading_a_motion_counts_from_the_consent_on(spark: SparkSession) -> None:
    taken = (AGREED - 1, AGREED, AGREED + 1)
    assert motions_at(spark, AT_READING, *taken) == [AGREED, AGREED + 1]
    assert motions_at(spark, PUBLISHED, *taken) == list(taken)


def steps_of(
    spark: SparkSession, policy: Policy, customers: list[dict[str, Any]], *readings: dict[str, Any]
) -> list[tuple[str, int]]:
    """The trusted step readings of these; every customer of theirs who agrees has moved."""
    landing = frame(spark, CUSTOMER_LANDING, *customers)
    curated = customer_trusted(landing, policy)
    steps = frame(spark, STEP_TRAINER_LANDING, *readings)
    return values(step_trainer_trusted(steps, curated, landing, policy), "serialnumber", "sensorreadingtime")


def test_at_reading_a_step_counts_from_the_consent_on(spark: SparkSession) -> None:
    customers = [{"email": "a@x", "serialnumber": "s", CONSENT: AGREED}]
    readings: list[dict[str, Any]] = [{"serialnumber": "s", "sensorreadingtime": AGREED + n} for n in (-1, 0)]
    assert steps_of(spark, AT_READING, customers, *readings) == [("s", AGREED)]
    assert len(steps_of(spark, PUBLISHED, customers, *readings)) == 2


def test_a_serial_of_someone_who_did_not_agree_counts_only_where_that_is_the_policy(spark: SparkSession) -> None:
    customers: list[dict[str, Any]] = [
        {"email": "a@x", "serialnumber": "shared", CONSENT: AGREED},
        {"email": "no@x", "serialnumber": "shared"},
        {"email": "b@x", "serialnumber": "own", CONSENT: AGREED},
        {"email": "c@x", "serialnumber": "own", CONSENT: AGREED},
    ]
    readings = [{"serialnumber": "shared"}, {"serialnumber": "own"}]
    assert steps_of(spark, PUBLISHED, customers, *readings) == [("own", TAKEN), ("shared", TAKEN)]
    assert steps_of(spark, UNAMBIGUOUS, customers, *readings) == [("own", TAKEN)]


def test_a_serial_that_someone_had_before_is_shared_too(spark: SparkSession) -> None:
    customers: list[dict[str, Any]] = [
        {"email": "a@x", "serialnumber": "s", CONSENT: AGREED},
        {"email": "no@x", "serialnumber": "s", "lastupdatedate": 1},
        {"email": "no@x", "serialnumber": "other", "lastupdatedate": 2},
    ]
    assert steps_of(spark, UNAMBIGUOUS, customers, {"serialnumber": "s"}) == []


def test_of_a_serial_that_two_have_a_step_counts_from_the_first_or_the_last_consent(spark: SparkSession) -> None:
    customers: list[dict[str, Any]] = [
        {"email": "a@x", "serialnumber": "s", CONSENT: AGREED},
        {"email": "b@x", "serialnumber": "s", CONSENT: AGREED + 10},
    ]
    readings = [{"serialnumber": "s", "sensorreadingtime": AGREED + n} for n in (-1, 0, 9, 10)]
    assert [taken - AGREED for _, taken in steps_of(spark, AT_READING, customers, *readings)] == [0, 9, 10]
    assert [taken - AGREED for _, taken in steps_of(spark, STRICT, customers, *readings)] == [10]
    assert len(steps_of(spark, UNAMBIGUOUS, customers, *readings)) == 4


@pytest.mark.parametrize("policy", [PUBLISHED, UNAMBIGUOUS, AT_READING, STRICT])
def test_a_shared_serial_multiplies_no_reading(spark: SparkSession, policy: Policy) -> None:
    owners = [{"email": f"{n}@x", "serialnumber": "shared", CONSENT: AGREED} for n in range(30)]
    readings = frame(
        spark,
        STEP_TRAINER_LANDING,
        {"serialnumber": "shared"},
        {"serialnumber": "shared", "source_offset": 99},
        {"serialnumber": "other"},
        {"serialnumber": None},
    )
    nobody = {"email": "none@x", "serialnumber": None, CONSENT: AGREED}
    curated = frame(spark, CUSTOMERS_CURATED, *owners, nobody)
    landing = frame(spark, CUSTOMER_LANDING, *owners, nobody)
    assert values(step_trainer_trusted(readings, curated, landing, policy), "serialnumber") == ["shared"]


def subject(email: str) -> str:
    return keyed_hash(PSEUDONYM_KEY, "subject", email)


def training(
    spark: SparkSession, steps: DataFrame, motions: DataFrame, curated: DataFrame, policy: Policy = PUBLISHED
) -> DataFrame:
    return machine_learning_curated(steps, motions, curated, key_frame(spark, PSEUDONYM_KEY), policy)


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
    found = training(spark, steps, motions, curated)
    device1, device2 = (keyed_hash(PSEUDONYM_KEY, "device", serial) for serial in ("s1", "s2"))
    expected = [(device1, subject("a@x"), True), (device2, subject("a@x"), False)]
    assert values(found, "device_id", "subject_id", "same_customer") == sorted(expected)


def test_a_shared_serial_multiplies_no_pair(spark: SparkSession) -> None:
    curated = frame(spark, CUSTOMERS_CURATED, *({"email": f"{n}@x", "serialnumber": "shared"} for n in range(30)))
    found = training(
        spark,
        frame(spark, STEP_TRAINER_TRUSTED, {"serialnumber": "shared"}),
        frame(spark, ACCELEROMETER_TRUSTED, {"user": "3@x"}, {"user": "stranger@x"}),
        curated,
    )
    expected = [(subject("3@x"), True), (subject("stranger@x"), False)]
    assert values(found, "subject_id", "same_customer") == sorted(expected)


@pytest.mark.parametrize(("minimum", "rows"), [(0, 2), (2, 2), (3, 0)])
def test_with_too_few_subjects_the_training_table_is_empty(spark: SparkSession, minimum: int, rows: int) -> None:
    found = training(
        spark,
        frame(spark, STEP_TRAINER_TRUSTED, {"serialnumber": "s1"}),
        frame(spark, ACCELEROMETER_TRUSTED, {"user": "a@x"}, {"user": "b@x"}),
        frame(spark, CUSTOMERS_CURATED, {"email": "a@x", "serialnumber": "s1"}),
        policy=Policy(AS_OF_MS, minimum_subjects=minimum),
    )
    assert found.count() == rows
