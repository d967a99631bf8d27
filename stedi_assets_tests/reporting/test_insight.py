"""What is told of published tables adds up with what they are: on the reference set and on dirt, by policy."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey
from PIL import Image

from stedi_assets.contracts import (
    ACCELEROMETER_LANDING,
    CONTRACTS,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
)
from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets.definitions import build_definitions
from stedi_assets.insight import plots
from stedi_assets.insight.aggregates import Bins, Consent
from stedi_assets.insight.facts import Facts, collect
from stedi_assets.insight.funnel import ERASED, UNEXPLAINED
from stedi_assets.insight.markdown import dashboard
from stedi_assets.settings import REPOSITORY_DATA
from stedi_assets_tests.support.dirty import write_dirty
from stedi_assets_tests.support.frames import AS_OF_MS
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, TAKEN, Lake, bring, customer, failure, receipt_of

STRICT = {"consent": "at-reading", "serials": "unambiguous"}
SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "data": ("data", {}),
    "dirty": ("dirty", {}),
    "dirty, strict": ("dirty", STRICT),
}
PICTURES = ["readings_over_time", "distance", "movement", "consent_share", "rows_by_zone"]


@dataclass
class Told:
    """What is told of a set, and the lakehouse as long as it is there."""

    name: str
    facts: Facts
    customers: list[tuple[str, int, int | None]]
    rows: dict[str, int]


@pytest.fixture(scope="module", params=SETS)
def told(request: pytest.FixtureRequest, spark: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Each set after a run."""
    (kind, policy), lake = SETS[request.param], Lake()
    lake.drop_tables()
    lake.zone.mirror(REPOSITORY_DATA if kind == "data" else write_dirty(tmp_path_factory.mktemp("dirty")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
        result = lake.run(**policy)
    assert result.success, failure(result)
    yield Told(
        request.param,
        collect(lake.catalog, AS_OF_MS),
        lake.rows(CUSTOMER_LANDING, "email", "lastupdatedate", "sharewithresearchasofdate"),
        {contract.table: lake.published(contract).rows for contract in CONTRACTS},
    )
    lake.drop_tables()


def test_the_reasons_of_each_step_add_up_to_what_it_leaves_out(told: Told) -> None:
    for step in told.facts.funnel:
        assert sum(step.drops.values()) == step.rows_in - step.rows_kept, step
        assert UNEXPLAINED not in step.drops, step
        assert all(rows > 0 for rows in step.drops.values()), step


def test_what_a_step_keeps_is_the_table_and_goes_into_the_next(told: Told) -> None:
    for step in told.facts.funnel:
        assert step.rows_in == told.rows.get(step.source, step.rows_in)
        if step.table != MACHINE_LEARNING_CURATED.table:
            assert step.rows_kept == told.rows[step.table]


def test_the_reference_set_has_its_known_reasons_and_dirt_every_kind(told: Told) -> None:
    found = {(step.table, reason): rows for step in told.facts.funnel for reason, rows in step.drops.items()}
    if told.name == "data":
        assert found == {
            ("customer_trusted", "the customer does not agree to research"): 474,
            ("accelerometer_trusted", "the customer does not agree to research"): 40_292,
            ("step_trainer_trusted", "the step trainer of nobody who agrees and has motion readings"): 14_220,
        }
        return
    expected = {
        ("customer_trusted", "an older record: the newest governs"),
        ("customer_trusted", "the customer agrees only from a later day on"),
        ("customer_trusted", "as new as a record that does not agree"),
        ("customer_trusted", "an equally new record of the same customer"),
        ("accelerometer_trusted", "the same reading again"),
        ("step_trainer_trusted", "the step trainer of nobody known"),
        ("customer_landing", "in quarantine: damaged"),
    }
    strict = {
        ("accelerometer_trusted", "taken before the customer agreed"),
        ("step_trainer_trusted", "a serial that somebody who does not agree has, too"),
    }
    assert set(found) >= expected | (strict if told.name == "dirty, strict" else set())


def test_consent_is_counted_by_customers(told: Told) -> None:
    newest: dict[str, tuple[int, set[int]]] = {}
    for email, updated, since in told.customers:
        known, dates = newest.get(customer_key_of(email), (0, set()))
        newest[customer_key_of(email)] = (max(known, updated), (dates if updated <= known else set()))
        if updated >= known:
            newest[customer_key_of(email)][1].add(since or 0)
    as_of_ms = told.facts.policy.as_of_ms
    agreeing = sum(all(0 < date <= as_of_ms for date in dates) for _, dates in newest.values())
    consent = told.facts.consent
    assert (consent.agree, consent.customers) == (agreeing, len(newest))
    assert consent.agree == told.rows["customer_trusted"]


def test_what_is_drawn_is_all_rows(told: Told) -> None:
    readings, rows = told.facts.readings, told.rows
    assert readings.total("motion readings that landed") == rows["accelerometer_landing"]
    assert readings.total("step readings that are used") == rows["step_trainer_trusted"]
    assert told.facts.distance.total("step readings") == rows["step_trainer_trusted"]
    assert [told.facts.movement.total(axis) for axis in "xyz"] == [rows["accelerometer_trusted"]] * 3
    assert sum(told.facts.quarantine.values()) == rows["landing_quarantine"]


def test_the_dashboard_tells_the_checks_of_every_table(told: Told) -> None:
    facts = told.facts
    shown = dashboard(facts.tables, facts.funnel, facts.quarantine)
    assert f"{facts.passed} of {facts.checks} checks hold" in shown
    for table in facts.tables:
        assert table.verdicts
        assert f"| {table.name} |" in shown
        assert str(table.snapshot.snapshot_id) in shown
    assert facts.blocked == []
    if told.name == "data":
        assert "| accelerometer_trusted | readings_before_consent | WARN | 0 | 8,956 |" in shown


def test_the_assets_show_it_on_the_tables_and_need_no_engine(lake: Lake, landed: Path) -> None:
    run = lake.run()
    assert run.success
    job = build_definitions().resolve_job_def("stedi_insight")
    result = job.execute_in_process(instance=lake.instance)
    made = {e.asset_key: e.materialization.metadata for e in result.get_asset_materialization_events() if e.asset_key}
    assert set(made) == {*(AssetKey(["insight", name]) for name in PICTURES), AssetKey("check_dashboard")}
    for metadata in made.values():
        content = str(metadata["stedi/plot"].value)
        assert Image.open(io.BytesIO(base64.b64decode(content.partition("base64,")[2][:-1]))).width > 400
    assert made[AssetKey(["insight", "consent_share"])]["stedi/consent_share"].value == 0.6667
    assert made[AssetKey("check_dashboard")]["stedi/warnings"].value == 1
    observed = {event.asset_key.path[-1] for event in result.get_asset_observation_events() if event.asset_key}
    assert observed == {contract.table for contract in CONTRACTS if contract is not LANDING_QUARANTINE}
    said = " ".join(map(repr, result.all_events)).lower()
    assert [word for word in ("ann@x.org", "ben@x.org", "no@x.org", "canary name", '"s1"') if word in said] == []
    assert "initialization of resources [io_manager]" in said


def test_without_tables_the_assets_say_so(lake: Lake) -> None:
    job = build_definitions().resolve_job_def("stedi_insight")
    result = job.execute_in_process(
        instance=lake.instance, asset_selection=[AssetKey("check_dashboard")], raise_on_error=False
    )
    assert "customer_landing was never published; publish it first" in failure(result)


def test_a_table_made_from_an_earlier_version_is_told_as_such(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    bring(lake, landed, motions=MOTIONS[:1])
    assert lake.run(select=[contract for contract in CONTRACTS if contract.zone == "landing"]).success
    (step,) = [s for s in collect(lake.catalog, AS_OF_MS).funnel if s.table == "accelerometer_trusted"]
    assert (step.rows_in, step.rows_kept, step.drops) == (1, 3, {UNEXPLAINED: -2})
    assert ACCELEROMETER_LANDING.table == step.source


def test_who_withdrew_and_too_few_are_told(lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "3")
    gone = customer("gone@x.org", "s4", agreed=None, updated=TAKEN)
    bring(lake, landed, customers=[*CUSTOMERS, customer("gone@x.org", "s4"), gone])
    result = lake.run()
    assert result.success, failure(result)
    facts = collect(lake.catalog, AS_OF_MS)
    assert facts.consent == Consent(agree=2, agree_later=0, withdrew=1, never_agreed=1)
    assert [step.drops for step in facts.funnel if step.table == MACHINE_LEARNING_CURATED.table] == [
        {"too few customers to publish their readings": 3},
        {"too few customers to publish their readings": 3},
    ]


def test_after_an_erasure_the_funnel_adds_up_and_no_verdicts_are_shown(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    receipt_of(lake.forget(lake.request("ann@x.org")))
    facts = collect(lake.catalog, AS_OF_MS)
    assert CUSTOMER_TRUSTED.table in facts.unchecked
    assert [step for step in facts.funnel if UNEXPLAINED in step.drops] == []
    assert lake.run().success
    assert [step.drops for step in collect(lake.catalog, AS_OF_MS).funnel[:3]] == [
        {ERASED: 1},
        {ERASED: 2},
        {ERASED: 2},
    ]


def test_nothing_and_one_reading_can_be_drawn() -> None:
    nothing: dict[str, list[int]] = {name: [] for name in (*"xyz", "step readings")}
    names = [f"{kind} readings that {what}" for kind in ("motion", "step") for what in ("landed", "are used")]
    drawn = [
        plots.movement(Bins(0, 1, nothing)),
        plots.distance(Bins(0, 1, nothing)),
        plots.readings_over_time(Bins(TAKEN, 1_000, {name: [] for name in names})),
        plots.readings_over_time(Bins(TAKEN, 1_000, {name: [1] for name in names})),
        plots.consent_share(Consent(0, 0, 0, 0)),
        plots.rows_by_zone({"customers": [("customer_landing", 0)]}),
    ]
    assert [png[:4] for png in drawn] == [b"\x89PNG"] * len(drawn)
