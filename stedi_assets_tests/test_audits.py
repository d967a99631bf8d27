"""Every check of every table can fail: each has a seeded violation here, and holds where nothing is seeded."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stedi_assets.audits import EXAMPLE, Audit, Verdict, checks_of
from stedi_assets.audits.derive import ANSWERED_FROM_SCHEMA
from stedi_assets.contracts import CONTRACTS, SOURCES, Column, Contract, contract_of
from stedi_assets.policy import Policy
from stedi_assets_tests.frames import AGREED, AS_OF_MS, AT_READING, UNAMBIGUOUS, frame
from stedi_assets_tests.worlds import (
    NOBODY,
    SOUND,
    World,
    add_row,
    add_to,
    alter,
    device,
    drop_row,
    expect,
    forget,
    subject,
    verdicts_of,
)

NO_CONSENT = {"sharewithresearchasofdate": None}


def landing_violations(place: int, source: str, table: str) -> dict[tuple[str, str], Callable[[World], None]]:
    return {
        (table, "row_count"): drop_row(table),
        (table, "expected_rows"): expect(table, 4),
        (table, "grain"): add_row(table),
        (table, "files_accounted"): add_to("objects", source=source, etag="unread"),
        (table, "objects_accounted"): alter("tally", place, objects=5),
        (table, "bytes_accounted"): alter("tally", place, text_bytes=41),
        (table, "quarantine_share"): alter("landing_quarantine", place, source_bytes=13),
        (table, "required_values"): add_row(table, source_object=None),
        (table, "erased_kept_out"): forget("serial", "s1") if source == "step_trainer" else forget("customer", "a@x"),
        (table, "erased"): lambda world: world["erased"].append({"source": source, "source_bytes": 10}),
        (table, "quarantined"): lambda world: None,  # the sound world has one record of each source in quarantine
        (table, "unreadable"): alter("landing_quarantine", place, reason="unreadable"),
        (table, "repeated_objects"): add_to("objects", source=source, etag=source),
        (table, "extra_fields"): alter(table, 0, extra_fields="colour"),
    }


VIOLATIONS: dict[tuple[str, str], Callable[[World], None]] = {
    **{
        violation: seed
        for place, (source, contract) in enumerate(SOURCES.items())
        for violation, seed in landing_violations(place, source, contract.table).items()
    },
    ("landing_quarantine", "required_values"): add_row("landing_quarantine", reason=None),
    ("landing_quarantine", "erased_kept_out"): forget("mention", "{"),
    ("landing_quarantine", "row_count"): drop_row("landing_quarantine"),
    ("landing_quarantine", "expected_rows"): expect("landing_quarantine", 0),
    ("landing_quarantine", "grain"): add_row("landing_quarantine"),
    ("customer_trusted", "withdrawn_since"): add_row("customer_trusted", **NOBODY),
    ("customer_trusted", "required_values"): add_row("customer_trusted", lastupdatedate=None),
    ("customer_trusted", "governing_records"): add_row("customer_trusted", sharewithresearchasofdate=AGREED + 1),
    ("customer_trusted", "row_count"): drop_row("customer_trusted"),
    ("customer_trusted", "expected_rows"): expect("customer_trusted", 3),
    ("customer_trusted", "grain"): add_row("customer_trusted", email=" A@X "),
    ("customer_trusted", "consent_by_email"): add_row("customer_trusted", **NOBODY),
    ("accelerometer_trusted", "withdrawn_since"): add_row("accelerometer_trusted", user="c@x"),
    ("accelerometer_trusted", "required_values"): add_row("accelerometer_trusted", x=None),
    ("accelerometer_trusted", "row_count"): drop_row("accelerometer_trusted"),
    ("accelerometer_trusted", "expected_rows"): expect("accelerometer_trusted", 1),
    ("accelerometer_trusted", "grain"): add_row("accelerometer_trusted"),
    ("accelerometer_trusted", "consent_by_email"): add_row("accelerometer_trusted", user="c@x"),
    ("accelerometer_trusted", "user_in_customer_trusted"): add_row("accelerometer_trusted", user="unknown@x"),
    ("accelerometer_trusted", "repeated_readings"): add_to("accelerometer_landing", source_offset=77),
    ("accelerometer_trusted", "readings_before_consent"): alter("accelerometer_trusted", 0, timestamp=AGREED - 1),
    ("customers_curated", "withdrawn_since"): add_row("customers_curated", **NOBODY),
    ("customers_curated", "required_values"): add_row("customers_curated", email=None),
    ("customers_curated", "governing_records"): add_row("customers_curated", sharewithresearchasofdate=AGREED + 1),
    ("customers_curated", "row_count"): drop_row("customers_curated"),
    ("customers_curated", "expected_rows"): expect("customers_curated", 0),
    ("customers_curated", "grain"): add_row("customers_curated", email="A@X"),
    ("customers_curated", "consent_by_email"): add_row("customers_curated", **NOBODY),
    ("customers_curated", "email_in_customer_trusted"): add_row("customers_curated", email="unknown@x"),
    ("customers_curated", "email_in_accelerometer_trusted"): add_row("customers_curated", email="rests@x"),
    ("step_trainer_trusted", "withdrawn_since"): add_row("step_trainer_trusted", serialnumber="s3"),
    ("step_trainer_trusted", "required_values"): add_row("step_trainer_trusted", serialnumber=None),
    ("step_trainer_trusted", "row_count"): drop_row("step_trainer_trusted"),
    ("step_trainer_trusted", "expected_rows"): expect("step_trainer_trusted", 1),
    ("step_trainer_trusted", "grain"): add_row("step_trainer_trusted"),
    ("step_trainer_trusted", "consent_by_serial"): add_row("step_trainer_trusted", serialnumber="s3"),
    ("step_trainer_trusted", "serialnumber_in_customers_curated"): add_row("step_trainer_trusted", serialnumber="s9"),
    ("step_trainer_trusted", "repeated_readings"): add_to("step_trainer_landing", source_offset=77),
    ("step_trainer_trusted", "readings_before_consent"): alter("step_trainer_trusted", 0, sensorreadingtime=AGREED - 1),
    ("step_trainer_trusted", "shared_serials"): add_to("customer_landing", email="d@x", **NO_CONSENT),
    ("step_trainer_trusted", "readings_of_shared_serials"): add_to("customer_landing", email="d@x", **NO_CONSENT),
    ("machine_learning_curated", "required_values"): add_row("machine_learning_curated", device_id=None),
    ("machine_learning_curated", "row_count"): drop_row("machine_learning_curated"),
    ("machine_learning_curated", "expected_rows"): expect("machine_learning_curated", 1),
    ("machine_learning_curated", "grain"): add_row("machine_learning_curated"),
    ("machine_learning_curated", "consent_by_subject"): add_row("machine_learning_curated", subject_id=subject("c@x")),
    ("machine_learning_curated", "consent_by_device"): add_row("machine_learning_curated", device_id=device("s3")),
    ("machine_learning_curated", "withdrawn_since"): add_row("machine_learning_curated", subject_id=subject("c@x")),
    ("machine_learning_curated", "device_id_in_step_trainer_trusted"): add_row(
        "machine_learning_curated", device_id=device("s9")
    ),
    ("machine_learning_curated", "subject_id_in_accelerometer_trusted"): add_row(
        "machine_learning_curated", subject_id=subject("u@x")
    ),
    ("machine_learning_curated", "no_identifiers"): add_row("machine_learning_curated", subject_id="a@x"),
    ("machine_learning_curated", "same_customer"): alter("machine_learning_curated", 1, same_customer=True),
    ("machine_learning_curated", "pairs_two_customers"): lambda world: None,  # the sound world has one such pair
}
# What only some policy asks.
UNDER_POLICY: dict[tuple[str, str], tuple[Policy, Callable[[World], None]]] = {
    ("accelerometer_trusted", "consent_by_email"): (
        AT_READING,
        alter("accelerometer_trusted", 0, timestamp=AGREED - 1),
    ),
    ("accelerometer_trusted", "row_count"): (AT_READING, alter("accelerometer_landing", 0, timestamp=AGREED - 1)),
    ("step_trainer_trusted", "consent_by_serial"): (
        AT_READING,
        alter("step_trainer_trusted", 0, sensorreadingtime=AGREED - 1),
    ),
    ("step_trainer_trusted", "row_count"): (AT_READING, alter("step_trainer_landing", 0, sensorreadingtime=AGREED - 1)),
    ("step_trainer_trusted", "unambiguous_serials"): (
        UNAMBIGUOUS,
        add_to("customer_landing", email="d@x", **NO_CONSENT),
    ),
    ("machine_learning_curated", "consent_by_subject"): (
        AT_READING,
        alter("machine_learning_curated", 0, sensorreadingtime=AGREED - 1),
    ),
    ("machine_learning_curated", "consent_by_device"): (
        AT_READING,
        alter("machine_learning_curated", 0, sensorreadingtime=AGREED - 1),
    ),
    ("machine_learning_curated", "unambiguous_serials"): (
        UNAMBIGUOUS,
        add_to("customer_landing", email="d@x", **NO_CONSENT),
    ),
    ("machine_learning_curated", "minimum_subjects"): (Policy(AS_OF_MS, minimum_subjects=3), lambda world: None),
}
FROM_SCHEMA = {(contract.table, check.name) for contract in CONTRACTS for check in ANSWERED_FROM_SCHEMA}
NOT_SOUND = {(contract.table, "quarantined") for contract in SOURCES.values()} | {
    ("machine_learning_curated", "pairs_two_customers")
}


def test_each_check_but_those_of_the_schema_has_a_violation_here() -> None:
    known = {(contract.table, check.name) for contract in CONTRACTS for check in checks_of(contract)}
    assert known - FROM_SCHEMA == set(VIOLATIONS) | set(UNDER_POLICY)


@pytest.mark.parametrize("table", [contract.table for contract in CONTRACTS])
def test_all_checks_hold_on_a_sound_world(spark: SparkSession, table: str) -> None:
    found = verdicts_of(spark, table, deepcopy(SOUND))
    failed = {(table, name) for name, verdict in found.items() if not verdict.passed}
    assert failed == {seeded for seeded in NOT_SOUND if seeded[0] == table}
    assert set(found) == {check.name for check in checks_of(contract_of(table))}


@pytest.mark.parametrize(("table", "check"), VIOLATIONS)
def test_a_seeded_violation_fails_its_check(spark: SparkSession, table: str, check: str) -> None:
    world = deepcopy(SOUND)
    VIOLATIONS[table, check](world)
    verdict = verdicts_of(spark, table, world)[check]
    assert not verdict.passed
    assert verdict.expected != verdict.actual
    (asked,) = [known for known in checks_of(contract_of(table)) if known.name == check]
    assert (EXAMPLE in verdict.details) == (asked.example is not None)
    example = verdict.details.get(EXAMPLE, "")
    personal = ["@", "s1", "s2", "s3", "s9", subject("a@x"), device("s1"), "landing/", "colour"]
    assert [word for word in personal if word in example] == []


def test_every_warning_has_an_example() -> None:
    warnings = [(c.table, check) for c in CONTRACTS for check in checks_of(c) if check.severity == "WARN"]
    assert [(table, check.name) for table, check in warnings if check.example is None] == []


@pytest.mark.parametrize(("table", "check"), UNDER_POLICY)
def test_a_violation_of_one_policy_is_none_of_another(spark: SparkSession, table: str, check: str) -> None:
    policy, seed = UNDER_POLICY[table, check]
    world = deepcopy(SOUND)
    seed(world)
    assert not verdicts_of(spark, table, world, policy)[check].passed
    assert verdicts_of(spark, table, world)[check].passed or check == "row_count"


@pytest.mark.parametrize("column", ["email", "a_new_measure"])
def test_a_column_that_was_not_allowed_is_named(spark: SparkSession, column: str) -> None:
    """Even where the contract has it: whoever adds one has to say so in two places."""
    contract = contract_of("machine_learning_curated")
    wider = replace(contract, columns=(*contract.columns, Column(column, "string", "New.")))
    verdict = verdicts_of_schema(wider, frame(spark, wider, *SOUND[contract.table]))["allowed_columns"]
    assert verdict.blocks
    assert verdict.details == {"not allowed": column}


@pytest.mark.parametrize("value", ["a@x", " A@X", "s1", "Canary Name", "5550100123", "1980-01-02", "f" * 63, "", None])
def test_what_anybody_is_known_by_is_no_pseudonym(spark: SparkSession, value: str | None) -> None:
    world = deepcopy(SOUND)
    world["customer_landing"][2] |= {"customername": "Canary Name", "phone": "5550100123", "birthday": "1980-01-02"}
    add_row("machine_learning_curated", device_id=value)(world)
    verdict = verdicts_of(spark, "machine_learning_curated", world)["no_identifiers"]
    assert (verdict.blocks, verdict.actual) == (True, 1)


@pytest.mark.parametrize("table", [contract.table for contract in CONTRACTS])
def test_a_schema_that_differs_is_named_and_stops_the_other_checks(spark: SparkSession, table: str) -> None:
    contract = contract_of(table)
    lost = contract.columns[-1].name
    staged = frame(spark, contract, *SOUND[table]).drop(lost).withColumn("colour", F.lit("red"))
    found = {verdict.check: verdict for verdict in Audit(contract, {"staged": staged}, {}).verdicts()}
    assert set(found) == {name for of, name in FROM_SCHEMA if of == table} & set(names_of(contract))
    verdict = found["schema"]
    assert verdict.blocks
    assert verdict.details == {"missing": lost, "unexpected": "colour"}


def verdicts_of_schema(contract: Contract, staged: DataFrame) -> dict[str, Verdict]:
    """The verdicts on a table of which nothing else can be asked."""
    return {verdict.check: verdict for verdict in Audit(contract, {"staged": staged}, {}).schema_verdicts()}


def names_of(contract: Contract) -> list[str]:
    return [check.name for check in checks_of(contract)]


def test_a_column_of_another_type_is_named(spark: SparkSession) -> None:
    contract = contract_of("step_trainer_trusted")
    staged = frame(spark, contract, *SOUND[contract.table]).withColumn("distancefromobject", F.lit("near"))
    assert verdicts_of_schema(contract, staged)["schema"].details == {
        "of another type": "distancefromobject (string instead of int)"
    }


def test_an_audit_of_an_empty_table_holds(spark: SparkSession) -> None:
    world: World = {**deepcopy(SOUND), "customer_landing": [NOBODY], "expectations": []}
    for table in ("customer_trusted", "accelerometer_trusted", "customers_curated", "step_trainer_trusted"):
        world[table] = []
    world["machine_learning_curated"] = []
    for table in ("customer_trusted", "accelerometer_trusted", "step_trainer_trusted", "machine_learning_curated"):
        assert all(verdict.passed for verdict in verdicts_of(spark, table, world).values()), table
