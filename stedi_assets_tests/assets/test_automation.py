"""Declarative automation: what is computed from a table follows it, and never past a failed blocking check."""

from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetKey,
    AssetMaterialization,
    DagsterEvent,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    evaluate_automation_conditions,
)
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.events import AssetMaterializationPlannedData
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import create_run_for_test

from stedi_assets.assets.metadata import key_of
from stedi_assets.assets.raw import DATA_VERSION_TAG, landings, listings_of
from stedi_assets.contracts import CONTRACTS, CUSTOMER_TRUSTED, Contract
from stedi_assets.definitions import defs
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, Lake, failed_checks, lines

LANDING = [contract for contract in CONTRACTS if contract.zone == "landing"]
COMPUTED = [contract for contract in CONTRACTS if contract.zone != "landing"]


class Ticks:
    """The automation sensor's ticks: each knows what the one before it has seen."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self.cursor: Any = None

    def tick(self) -> set[str]:
        """The tables that are asked for."""
        result = evaluate_automation_conditions(defs, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        return {c.table for c in CONTRACTS if result.get_num_requested(key_of(c))}


def published(instance: DagsterInstance, contract: Contract, version: str, failing: str = "") -> None:
    """Tells Dagster of a table what its step tells: its data version, and its checks."""
    key = key_of(contract)
    instance.report_runless_asset_event(AssetMaterialization(key, tags={DATA_VERSION_TAG: version}))
    judge(instance, key, failing)


def judge(instance: DagsterInstance, key: AssetKey, failing: str = "") -> None:
    for check in defs.resolve_asset_graph().get_check_keys_for_assets({key}):
        passed = check.name != failing
        instance.report_runless_asset_event(
            AssetCheckEvaluation(key, check.name, passed, {}, severity=AssetCheckSeverity.ERROR)
        )


def all_published(instance: DagsterInstance) -> Ticks:
    for contract in CONTRACTS:
        published(instance, contract, "1")
    ticks = Ticks(instance)
    assert ticks.tick() == set()
    return ticks


def planned(instance: DagsterInstance, run: DagsterRun, contract: Contract) -> None:
    """The run is going to build the table."""
    planned = AssetMaterializationPlannedData(key_of(contract))
    event = DagsterEvent.build_asset_materialization_planned_event(run.job_name, contract.table, planned)
    instance.report_dagster_event(event, run.run_id)


ALL_COMPUTED = {contract.table for contract in COMPUTED}


def test_nothing_is_computed_before_anything_has_landed() -> None:
    ticks = Ticks(DagsterInstance.ephemeral())
    assert (ticks.tick(), ticks.tick()) == (set(), set())


def test_what_is_computed_from_a_table_follows_it() -> None:
    instance = DagsterInstance.ephemeral()
    ticks = all_published(instance)
    customer, _, step_trainer, _ = LANDING
    published(instance, customer, "1")
    assert ticks.tick() == set(), "the same rows as before"
    published(instance, customer, "2")
    assert ticks.tick() == ALL_COMPUTED
    assert ticks.tick() == set(), "once is enough"
    for contract in COMPUTED:
        published(instance, contract, "2")
    assert ticks.tick() == set()
    published(instance, step_trainer, "2")
    assert ticks.tick() == {"step_trainer_trusted", "machine_learning_curated"}


def test_a_failed_blocking_check_stops_what_is_downstream() -> None:
    instance = DagsterInstance.ephemeral()
    ticks = all_published(instance)
    customer = LANDING[0]
    published(instance, customer, "2", failing="row_count")
    assert "customer_trusted" not in ticks.tick()
    judge(instance, key_of(customer))
    assert "customer_trusted" in ticks.tick()


def test_nothing_is_asked_for_while_it_is_being_built_or_after_it_failed() -> None:
    instance = DagsterInstance.ephemeral()
    ticks = all_published(instance)
    run = create_run_for_test(instance, status=DagsterRunStatus.STARTED)
    planned(instance, run, CUSTOMER_TRUSTED)
    published(instance, LANDING[0], "2")
    assert "customer_trusted" not in ticks.tick(), "it is in progress"
    instance.report_run_failed(run)
    assert "customer_trusted" not in ticks.tick(), "it would fail again"
    published(instance, LANDING[0], "3")
    assert "customer_trusted" not in ticks.tick(), "what has landed starts a run by its own sensor"
    mended = create_run_for_test(instance, status=DagsterRunStatus.SUCCESS)
    planned(instance, mended, CUSTOMER_TRUSTED)
    published(instance, CUSTOMER_TRUSTED, "3")
    assert "customer_trusted" not in ticks.tick()
    published(instance, LANDING[0], "4")
    assert "customer_trusted" in ticks.tick()


def test_real_runs_are_followed_and_stale_tables_are_shown(lake: Lake) -> None:
    """The landing tables are built alone, then refused: what Dagster shows and what automation asks for."""
    for source, records in (("customer", CUSTOMERS), ("accelerometer", MOTIONS), ("step_trainer", STEPS)):
        lake.put(f"{source}/a.json", lines(records))
    ticks = Ticks(lake.instance)
    assert tell(lake) == {"customer", "accelerometer", "step_trainer"}
    assert tell(lake) == set(), "it knows that already"
    assert ticks.tick() == set()
    assert lake.run(select=LANDING).success
    assert ticks.tick() == ALL_COMPUTED
    assert stale(lake, *LANDING) == set()

    lake.put("customer/b.json", '{"cut')
    assert tell(lake) == {"customer"}
    assert stale(lake, *LANDING) == {"customer_landing", "landing_quarantine"}
    result = lake.run(select=LANDING)
    assert ("customer_landing", "quarantine_share") in failed_checks(result)
    assert ticks.tick() == set(), "past a failed blocking check"

    lake.put("customer/b.json", lines(CUSTOMERS[:1]))
    tell(lake)
    assert lake.run(select=LANDING).success
    assert ticks.tick() == ALL_COMPUTED
    assert stale(lake, *LANDING) == set()


def test_dagster_knows_what_a_run_has_read(lake: Lake, landed: Path) -> None:
    """Also where nobody had told it before."""
    assert lake.run(select=LANDING).success
    assert stale(lake, *LANDING) == set()
    assert tell(lake) == set()


def tell(lake: Lake) -> set[str]:
    """Tells Dagster what lies in the zone: the sources that it was told of."""
    events = landings(lake.instance, listings_of(lake.zone.objects()))
    for event in events:
        lake.instance.report_runless_asset_event(event)
    return {event.asset_key.path[-1] for event in events}


def stale(lake: Lake, *contracts: Contract) -> set[str]:
    """The tables that Dagster shows as stale or missing."""
    resolver = CachingStaleStatusResolver(
        lake.instance, defs.resolve_asset_graph(), LoadingContextForTest(lake.instance)
    )
    return {c.table for c in contracts if resolver.get_status(key_of(c)) != StaleStatus.FRESH}


def test_every_table_has_an_age_that_is_too_old_and_only_computed_ones_a_condition() -> None:
    graph = defs.resolve_asset_graph()
    for contract in CONTRACTS:
        node = graph.get(key_of(contract))
        assert node.freshness_policy is not None
        assert (node.automation_condition is not None) == (contract in COMPUTED)
