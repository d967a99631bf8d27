"""Every file of bad input through the real path, in one run: landing tables and quarantine, then trusted and curated.

Then one more delivery, in which consent is withdrawn.
"""

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CONTRACTS,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    SOURCES,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets_tests.faults.bad_input.case import COLUMNS, Case
from stedi_assets_tests.faults.bad_input.fields import FIELDS
from stedi_assets_tests.faults.bad_input.people import (
    PEOPLE,
    SHARED_MOTIONS,
    SHARED_STEPS,
    SHARERS,
    WITHDRAWAL,
    WITHDRAWN,
    Person,
)
from stedi_assets_tests.faults.bad_input.points import POINTS
from stedi_assets_tests.faults.bad_input.texts import TEXTS
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.faults.tokenizer import Token, tokens
from stedi_assets_tests.support.lake import Lake, checks, failure, lines

CASES: tuple[Case, ...] = (*TEXTS, *FIELDS)


@dataclass
class Published:
    """What every reader sees after a run, and its checks. rows, quarantined: by the object's key below the zone."""

    rows: dict[str, list[dict[str, Any]]]
    quarantined: dict[str, list[dict[str, Any]]]
    tables: dict[str, list[dict[str, Any]]]
    checks: dict[tuple[str, str], Any]


@dataclass
class Arrived:
    """Before and after the withdrawal."""

    lake: Lake
    published: list[Published] = field(default_factory=list)

    def run(self) -> None:
        result = self.lake.run()
        assert result.success, failure(result)
        tables = {
            c.table: [dict(zip(c.column_names, row, strict=True)) for row in self.lake.rows(c)] for c in CONTRACTS
        }
        landed = [row for contract in SOURCES.values() for row in tables[contract.table]]
        by_key = self._by_object(landed), self._by_object(tables[LANDING_QUARANTINE.table])
        self.published.append(Published(*by_key, tables, checks(result)))

    def _by_object(self, rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: int(row["source_offset"])):
            found[row["source_object"].removeprefix(self.lake.zone.prefix)].append(row)
        return found


@pytest.fixture(scope="module")
def arrived(spark: object) -> Iterator[Arrived]:
    lake = Lake()
    lake.drop_tables()
    for case in CASES:
        lake.s3.put_object(Bucket=lake.zone.bucket, Key=f"{lake.zone.prefix}{case.key}", Body=case.content)
    for place in (0, 1):
        lake.put(
            f"customer/people-{place}.json",
            lines([person.records[place] for person in PEOPLE if place < len(person.records)]),
        )
    readings = [person.readings() for person in PEOPLE]
    motions = [*(motion for motion, _ in readings), *SHARED_MOTIONS]
    lake.put("customer/sharers.json", lines(SHARERS))
    lake.put("accelerometer/people.json", lines(motions))
    lake.put("accelerometer/people again.json", lines(motions))
    lake.put("step_trainer/people.json", lines([*(step for _, step in readings), *SHARED_STEPS]))
    found = Arrived(lake)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
        found.run()
        lake.put("customer/withdrawal.json", lines(WITHDRAWAL))
        found.run()
    yield found
    lake.drop_tables()


def reasons(quarantined: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(":".join(filter(None, (row["reason"], row["field"]))) for row in quarantined)


def expected_tokens(content: bytes) -> tuple[list[Token], int]:
    """By the independent tokenizer; with the size of the text, which they account for."""
    if not content.startswith(b"\x1f\x8b"):
        return tokens(content), len(content)
    try:
        unpacked = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return [Token("damaged", 0, len(content), content)], len(content)
    return tokens(unpacked), len(unpacked)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.point:02} {case.name}")
def test_each_record_becomes_what_it_should(arrived: Arrived, case: Case) -> None:
    first = arrived.published[0]
    rows, quarantined = first.rows.get(case.key, []), first.quarantined.get(case.key, [])
    wanted, size = expected_tokens(case.content)
    found = sorted([*rows, *quarantined], key=lambda row: int(row["source_offset"]))
    lost = len(wanted) - len(found)
    values = tuple(tuple(row[name] for name in COLUMNS[case.source]) for row in rows)
    is_wrong = values != case.rows or reasons(quarantined) != case.quarantined
    record(f"{case.point} a file through the whole run", 1, abs(lost), int(is_wrong))
    assert values == case.rows
    assert repr(values) == repr(case.rows), "types, and the sign of zero"
    assert reasons(quarantined) == case.quarantined
    assert tuple(row["extra_fields"] for row in rows if row["extra_fields"]) == case.extra
    assert [(row["source_offset"], row["source_bytes"]) for row in found] == [(t.start, t.span) for t in wanted]
    assert sum(row["source_bytes"] for row in found) == (size if wanted else 0)
    assert all(row["raw"] for row in quarantined)


def test_the_assets_warn_of_what_arrived(arrived: Arrived) -> None:
    told = arrived.published[0].checks
    for source, contract in SOURCES.items():
        count = sum(len(case.quarantined) for case in CASES if case.source == source)
        warning = told[contract.table, "quarantined"]
        assert (warning.passed, warning.severity.name) == (False, "WARN")
        assert warning.metadata["stedi/actual"].value == count
        objects = sum(case.source == source for case in CASES)
        assert (
            told[contract.table, "files_accounted"].metadata["stedi/actual"].value
            == objects + {"customer": 3, "accelerometer": 2, "step_trainer": 1}[source]
        ), "empty files too"
        for check in ("files_accounted", "objects_accounted", "bytes_accounted", "quarantine_share"):
            assert told[contract.table, check].passed
    twice, extra = (told["accelerometer_landing", check] for check in ("repeated_objects", "extra_fields"))
    assert (twice.passed, twice.severity.name) == (extra.passed, extra.severity.name) == (False, "WARN")
    assert extra.metadata["stedi/actual"].value == sum(len(case.extra) for case in CASES)


def customers_in(published: Published) -> dict[str, set[str]]:
    """Who is in each table, by the customer's address, the device or a pseudonym."""
    columns = {
        CUSTOMER_TRUSTED.table: "email",
        ACCELEROMETER_TRUSTED.table: "user",
        CUSTOMERS_CURATED.table: "email",
        STEP_TRAINER_TRUSTED.table: "serialnumber",
        MACHINE_LEARNING_CURATED.table: "subject_id",
    }
    return {table: {customer_key_of(row[name]) for row in published.tables[table]} for table, name in columns.items()}


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.point} {person.name}")
@pytest.mark.parametrize("later", [False, True], ids=["first run", "after the withdrawal"])
def test_who_is_in_the_tables(arrived: Arrived, person: Person, later: bool) -> None:
    found = customers_in(arrived.published[later])
    subject, device = arrived.lake.pseudonyms(person.customer, person.serial)
    consents = person.consents and not (later and person in WITHDRAWN)
    is_in = [person.customer in found[c.table] for c in (CUSTOMER_TRUSTED, ACCELEROMETER_TRUSTED, CUSTOMERS_CURATED)]
    is_in.append(subject in found[MACHINE_LEARNING_CURATED.table])
    steps = person.serial in found[STEP_TRAINER_TRUSTED.table]
    devices = {row["device_id"] for row in arrived.published[later].tables[MACHINE_LEARNING_CURATED.table]}
    is_wrong = is_in != [consents] * 4 or steps != (consents and bool(person.serial)) or (device in devices) != steps
    record(f"{person.point} a customer through the whole run", 1, wrong=int(is_wrong))
    assert is_in == [consents] * 4
    assert steps == (consents and bool(person.serial))
    assert (device in devices) == steps


def test_nobody_else_is_in_them_and_shared_serials_multiply_nothing(arrived: Arrived) -> None:
    """Points 12 and 13: the step readings are the semi-join's; what has no serial or user matches nothing."""
    tables = arrived.published[0].tables
    agreed = {person.customer for person in PEOPLE if person.consents}
    sharing = {record["email"] for record in SHARERS if "shareWithResearchAsOfDate" in record}
    found = customers_in(arrived.published[0])
    for contract in (CUSTOMER_TRUSTED, ACCELEROMETER_TRUSTED, CUSTOMERS_CURATED):
        assert found[contract.table] == agreed | sharing
        assert len(tables[contract.table]) == len(agreed | sharing)
    serials = {record["serialNumber"] for record in SHARERS if record["email"] in sharing}
    expected = [step for step in SHARED_STEPS if step["serialNumber"] in serials]
    own = [person.serial for person in PEOPLE if person.consents and person.serial]
    steps = tables[STEP_TRAINER_TRUSTED.table]
    assert sorted(row["serialnumber"] for row in steps) == sorted([*own, *(step["serialNumber"] for step in expected)])
    assert len(expected) == 40
    pairs = [(row["device_id"], row["subject_id"]) for row in tables[MACHINE_LEARNING_CURATED.table]]
    pseudonyms = [arrived.lake.pseudonyms(person.customer, person.serial) for person in PEOPLE if person.consents]
    devices = [
        device
        for person, (_, device) in zip([p for p in PEOPLE if p.consents], pseudonyms, strict=True)
        if person.serial
    ]
    assert sorted(pairs) == sorted((device, subject) for device in devices for subject, _ in pseudonyms)
    record("12 thirty serials of a thousand customers", 1)


def test_what_came_twice_lands_twice(arrived: Arrived) -> None:
    """Point 8; downstream nothing comes twice: the test before has every row there."""
    names = [case.key for case in CASES if case.point == 8]
    assert [[row["user"] for row in arrived.published[0].rows[key]] for key in names] == [["a", "b"]] * 2


def test_each_point_of_the_list_has_its_proof() -> None:
    pointed = {case.point for case in CASES} | {person.point for person in PEOPLE} | {12}
    assert sorted(POINTS) == sorted(pointed) == list(range(1, 14))
    for point in POINTS.values():
        for proof in point.proofs:
            module, _, function = proof.partition(":")
            assert callable(getattr(import_module(f"stedi_assets_tests.{module}"), function)), proof
