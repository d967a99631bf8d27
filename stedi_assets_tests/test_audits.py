"""Every check of every table can fail: each has a seeded violation here, and holds where nothing is seeded."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stedi_assets.audits import Audit, Verdict, checks_of
from stedi_assets.contracts import CONTRACTS, SOURCES, contract_of
from stedi_assets.transforms.consent import governing_consents
from stedi_assets.transforms.landing import LISTED, TALLY
from stedi_assets_tests.frames import AGREED, AS_OF_MS, TAKEN, frame

Rows = list[dict[str, Any]]
World = dict[str, Rows]

A = {"email": "a@x", "serialnumber": "s1", "sharewithresearchasofdate": AGREED}
B = {"email": "B@x", "serialnumber": "s2", "sharewithresearchasofdate": AGREED}
NOBODY = {"email": "c@x", "serialnumber": "s3"}
SOUND: World = {
    "customer_landing": [A, B, NOBODY],
    "accelerometer_landing": [{"user": "A@x"}, {"user": "b@x"}, {"user": "c@x"}],
    "step_trainer_landing": [
        {"serialnumber": "s1"},
        {"serialnumber": "s2", "sensorreadingtime": TAKEN + 1},
        {"serialnumber": "s3"},
    ],
    "customer_trusted": [A, B],
    "accelerometer_trusted": [{"user": "A@x"}, {"user": "b@x"}],
    "customers_curated": [A, B],
    "step_trainer_trusted": [{"serialnumber": "s1"}, {"serialnumber": "s2", "sensorreadingtime": TAKEN + 1}],
    "machine_learning_curated": [
        {"serialnumber": "s1", "user": "A@x"},
        {"serialnumber": "s1", "user": "b@x", "same_customer": False},
    ],
    "landing_quarantine": [
        {"source": source, "reason": "damaged", "raw": "{", "source_object": f"landing/{source}.json"}
        for source in SOURCES
    ],
    "tally": [
        {
            "source": source,
            "source_object": f"landing/{source}.json",
            "landed_bytes": 40,
            "text_bytes": 40,
            "objects": 4,
        }
        for source in SOURCES
    ],
    "objects": [
        {"source": source, "source_object": f"landing/{source}.json", "etag": source, "bytes": 40} for source in SOURCES
    ],
    "expectations": [{"name": "customer_trusted", "n": 2}],
}
for _source, _contract in SOURCES.items():
    for _place, _row in enumerate(SOUND[_contract.table]):
        _row.update(source_object=f"landing/{_source}.json", source_offset=10 * _place, source_bytes=10)
for _row in SOUND["landing_quarantine"]:
    _row.update(source_offset=30, source_bytes=10)


def verdicts_of(spark: SparkSession, table: str, world: World) -> dict[str, Verdict]:
    """The audit of a table as the world has it; `staged` in the world stands in for the table where it differs."""
    plain = {"tally": TALLY, "objects": f"source string, {LISTED}", "expectations": "name string, n bigint"}
    views: dict[str, DataFrame] = {c.table: frame(spark, c, *world[c.table]) for c in CONTRACTS}
    views |= {name: _plain_frame(spark, world[name], ddl) for name, ddl in plain.items()}
    views["quarantine"] = views["landing_quarantine"]
    views["research_customers"] = governing_consents(views["customer_landing"], AS_OF_MS).select(
        "customer", "serialnumber", F.col("sharewithresearchasofdate").alias("since")
    )
    views["staged"] = frame(spark, contract_of(table), *world["staged"]) if "staged" in world else views[table]
    audit = Audit(contract_of(table), views, {"as_of_ms": AS_OF_MS, "max_quarantine_share": 0.3})
    return {verdict.check: verdict for verdict in audit.verdicts()}


def _plain_frame(spark: SparkSession, rows: Rows, ddl: str) -> DataFrame:
    names = [part.split()[0] for part in ddl.split(", ")]
    return spark.createDataFrame([tuple(row.get(name) for name in names) for row in rows], ddl)


def drop_row(table: str) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["staged"] = world[table][:-1]

    return seed


def add_row(table: str, **row: Any) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["staged"] = [*world[table], {**world[table][0], **row}]

    return seed


def alter(view: str, place: int, **row: Any) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world[view][place].update(row)

    return seed


def add_to(view: str, **row: Any) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world[view].append({**world[view][0], **row})

    return seed


def expect(table: str, rows: int) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["expectations"] = [{"name": table, "n": rows}]

    return seed


def landing_violations(place: int, source: str, table: str) -> dict[tuple[str, str], Callable[[World], None]]:
    return {
        (table, "row_count"): drop_row(table),
        (table, "expected_rows"): expect(table, 4),
        (table, "grain"): add_row(table),
        (table, "files_accounted"): add_to("objects", source=source, etag="unread"),
        (table, "objects_accounted"): alter("tally", place, objects=5),
        (table, "bytes_accounted"): alter("tally", place, text_bytes=41),
        (table, "quarantine_share"): alter("landing_quarantine", place, source_bytes=13),
        (table, "quarantined"): lambda world: None,  # the sound world has one record of each source in quarantine
        (table, "repeated_objects"): add_to("objects", source=source, etag=source),
        (table, "extra_fields"): alter(table, 0, extra_fields="colour"),
    }


VIOLATIONS: dict[tuple[str, str], Callable[[World], None]] = {
    **{
        violation: seed
        for place, (source, contract) in enumerate(SOURCES.items())
        for violation, seed in landing_violations(place, source, contract.table).items()
    },
    ("landing_quarantine", "row_count"): drop_row("landing_quarantine"),
    ("landing_quarantine", "expected_rows"): expect("landing_quarantine", 0),
    ("landing_quarantine", "grain"): add_row("landing_quarantine"),
    ("customer_trusted", "row_count"): drop_row("customer_trusted"),
    ("customer_trusted", "expected_rows"): expect("customer_trusted", 3),
    ("customer_trusted", "grain"): add_row("customer_trusted", email=" A@X "),
    ("customer_trusted", "consent_by_email"): add_row("customer_trusted", **NOBODY),
    ("accelerometer_trusted", "row_count"): drop_row("accelerometer_trusted"),
    ("accelerometer_trusted", "expected_rows"): expect("accelerometer_trusted", 1),
    ("accelerometer_trusted", "grain"): add_row("accelerometer_trusted"),
    ("accelerometer_trusted", "consent_by_email"): add_row("accelerometer_trusted", user="c@x"),
    ("accelerometer_trusted", "user_in_customer_trusted"): add_row("accelerometer_trusted", user="unknown@x"),
    ("accelerometer_trusted", "repeated_readings"): add_to("accelerometer_landing", source_offset=77),
    ("accelerometer_trusted", "readings_before_consent"): alter("accelerometer_trusted", 0, timestamp=AGREED - 1),
    ("customers_curated", "row_count"): drop_row("customers_curated"),
    ("customers_curated", "expected_rows"): expect("customers_curated", 0),
    ("customers_curated", "grain"): add_row("customers_curated", email="A@X"),
    ("customers_curated", "consent_by_email"): add_row("customers_curated", **NOBODY),
    ("customers_curated", "email_in_customer_trusted"): add_row("customers_curated", email="unknown@x"),
    ("customers_curated", "email_in_accelerometer_trusted"): add_row("customers_curated", email="rests@x"),
    ("step_trainer_trusted", "row_count"): drop_row("step_trainer_trusted"),
    ("step_trainer_trusted", "expected_rows"): expect("step_trainer_trusted", 1),
    ("step_trainer_trusted", "grain"): add_row("step_trainer_trusted"),
    ("step_trainer_trusted", "consent_by_serial"): add_row("step_trainer_trusted", serialnumber="s3"),
    ("step_trainer_trusted", "serialnumber_in_customers_curated"): add_row("step_trainer_trusted", serialnumber="s9"),
    ("step_trainer_trusted", "repeated_readings"): add_to("step_trainer_landing", source_offset=77),
    ("step_trainer_trusted", "readings_before_consent"): alter("step_trainer_trusted", 0, sensorreadingtime=AGREED - 1),
    ("machine_learning_curated", "row_count"): drop_row("machine_learning_curated"),
    ("machine_learning_curated", "expected_rows"): expect("machine_learning_curated", 1),
    ("machine_learning_curated", "grain"): add_row("machine_learning_curated"),
    ("machine_learning_curated", "consent_by_email"): add_row("machine_learning_curated", user="c@x"),
    ("machine_learning_curated", "consent_by_serial"): add_row("machine_learning_curated", serialnumber="s3"),
    ("machine_learning_curated", "serialnumber_in_step_trainer_trusted"): add_row(
        "machine_learning_curated", serialnumber="s9"
    ),
    ("machine_learning_curated", "user_in_accelerometer_trusted"): add_row("machine_learning_curated", user="u@x"),
    ("machine_learning_curated", "same_customer"): alter("machine_learning_curated", 1, same_customer=True),
    ("machine_learning_curated", "pairs_two_customers"): lambda world: None,  # the sound world has one such pair
}
NOT_SOUND = {(contract.table, "quarantined") for contract in SOURCES.values()} | {
    ("machine_learning_curated", "pairs_two_customers")
}


def test_each_check_but_the_schema_has_a_violation_here() -> None:
    known = {(contract.table, check.name) for contract in CONTRACTS for check in checks_of(contract)}
    assert known - {(contract.table, "schema") for contract in CONTRACTS} == set(VIOLATIONS)


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


@pytest.mark.parametrize("table", [contract.table for contract in CONTRACTS])
def test_a_schema_that_differs_is_named_and_stops_the_other_checks(spark: SparkSession, table: str) -> None:
    contract = contract_of(table)
    lost = contract.columns[-1].name
    staged = frame(spark, contract, *SOUND[table]).drop(lost).withColumn("colour", F.lit("red"))
    (verdict,) = Audit(contract, {"staged": staged}, {}).verdicts()
    assert not verdict.passed
    assert verdict.details == {"missing": lost, "unexpected": "colour"}


def test_a_column_of_another_type_is_named(spark: SparkSession) -> None:
    contract = contract_of("step_trainer_trusted")
    staged = frame(spark, contract, *SOUND[contract.table]).withColumn("distancefromobject", F.lit("near"))
    (verdict,) = Audit(contract, {"staged": staged}, {}).verdicts()
    assert verdict.details == {"of another type": "distancefromobject (string instead of int)"}


def test_an_audit_of_an_empty_table_holds(spark: SparkSession) -> None:
    world: World = {**deepcopy(SOUND), "customer_landing": [NOBODY], "expectations": []}
    for table in ("customer_trusted", "accelerometer_trusted", "customers_curated", "step_trainer_trusted"):
        world[table] = []
    world["machine_learning_curated"] = []
    for table in ("customer_trusted", "accelerometer_trusted", "step_trainer_trusted", "machine_learning_curated"):
        assert all(verdict.passed for verdict in verdicts_of(spark, table, world).values()), table
