"""The sensor on the landing zone, state by state: what starts a run, what does not and what it says then."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config
from dagster import DagsterInstance, DagsterRunStatus, SensorResult, build_sensor_context
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING, CUSTOMER_TRUSTED
from stedi_assets.jobs import stedi_lakehouse
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.landing.arrivals import Walk, go_on
from stedi_assets.landing.manifest import Ingested, Manifest
from stedi_assets.landing.zone import Zone
from stedi_assets.sensors import arrivals as sensor_module
from stedi_assets.sensors.arrivals import Sight, arrivals, look
from stedi_assets.settings import Settings
from stedi_assets_tests.support.commands import free_port
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, Lake, customer, failure, lines

LANDING = [contract for contract in CONTRACTS if contract.zone == "landing"]
DAY_MS = 86_400_000
ODD_NAMES = [
    'it\'s [x] "q" {1}*?.json',
    "ü é\u0301 😀.json",
    "..json",
    ".dot.json",
    "a/..b/c.json",
    "a b.json",
    "a-b.json",
    "a.json",
    "a/x.json",
    "%2e%2e%2f.json",
    "new\nline.JSON.GZ",
]


@pytest.fixture
def sight(lake: Lake) -> Sight:
    return Sight(Settings.load(), lake.store, lake.s3, lake.catalog, lake.zone)


def tick(sight: Sight, instance: DagsterInstance, cursor: str | None = None) -> SensorResult:
    """A tick as of a daemon that was just started: it has the cursor and the instance, and nothing else."""
    with build_sensor_context(instance=instance, cursor=cursor) as context:
        return look(context, sight)


def said(result: SensorResult) -> str:
    assert not result.run_requests
    assert result.skip_reason is not None
    return result.skip_reason.skip_message or ""


def requested(result: SensorResult) -> tuple[str, str]:
    """Key and reason of the one run that is asked for."""
    assert result.run_requests is not None, said(result)
    (request,) = result.run_requests
    assert request.run_key
    return request.run_key, request.tags["stedi/reason"]


def put(lake: Lake, *names: str, text: str = "1") -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: lake.put(name, text), names))


def ended(instance: DagsterInstance, run_key: str, status: DagsterRunStatus) -> None:
    tags = {"dagster/run_key": run_key, "dagster/sensor_name": "arrivals"}
    create_run_for_test(instance, job_name=stedi_lakehouse.name, tags=tags, status=status)


def manifests(zone: Zone) -> dict[str, Manifest]:
    """As if all that lies there now had been ingested."""
    listed = zone.objects()
    return {
        source: Manifest.of(Ingested(o.key, o.etag, o.bytes, 0, 0, 0) for o in listed if o.source == source)
        for source in ("customer", "accelerometer", "step_trainer")
    }


def walked(zone: Zone, held: dict[str, Manifest]) -> Walk:
    return go_on(Walk("base"), zone, held, seconds=60)


def test_nothing_ingested_yet_starts_one_run_once_every_source_has_something(lake: Lake, sight: Sight) -> None:
    assert "is empty: stedi deliver SOURCE PATH" in said(tick(sight, lake.instance))
    put(lake, "customers/c.json", "step_trainer/delivery/1/s.json")
    assert said(tick(sight, lake.instance)).startswith("accelerometer: no objects in s3://")
    put(lake, "accelerometer/a.json")
    key, reason = requested(tick(sight, lake.instance))
    assert reason == "3 new, 0 rewritten and 0 deleted objects"
    assert requested(tick(sight, lake.instance))[0] == key, "the same arrivals are the same run"
    ended(lake.instance, key, DagsterRunStatus.FAILURE)
    assert "ended with FAILURE; it is not started again by itself" in said(tick(sight, lake.instance))
    put(lake, "customer/later.json")
    other, _ = requested(tick(sight, lake.instance))
    assert other != key


@pytest.mark.parametrize("name", ODD_NAMES)
def test_new_rewritten_and_deleted_objects_of_any_name(lake: Lake, name: str) -> None:
    put(lake, *(f"customer/{other}" for other in ODD_NAMES if other != name), "accelerometer/a.json", "step_trainer/s")
    before = manifests(lake.zone)
    assert not walked(lake.zone, before).differences(before)
    digests = []
    for text in "12":  # in the same second
        put(lake, f"customer/{name}", text=text)
        found = walked(lake.zone, before).differences(before)
        assert (found.new, found.rewritten, found.gone) == (1, 0, 0)
        digests.append(found.digest)
    held = manifests(lake.zone)
    put(lake, f"customer/{name}", text="3")
    found = walked(lake.zone, held).differences(held)
    assert (found.new, found.rewritten, found.gone) == (0, 1, 0)
    lake.remove(f"customer/{name}")
    found = walked(lake.zone, held).differences(held)
    assert (found.new, found.rewritten, found.gone) == (0, 0, 1)
    assert len({*digests, found.digest}) == 3


def test_which_object_is_gone_makes_another_run(lake: Lake) -> None:
    put(lake, "customer/a.json", "customer/b.json")
    held = manifests(lake.zone)
    lake.remove("customer/a.json")
    first = walked(lake.zone, held).differences(held)
    put(lake, "customer/a.json")
    lake.remove("customer/b.json")
    second = walked(lake.zone, held).differences(held)
    assert (first.gone, second.gone) == (1, 1)
    assert first.digest != second.digest


def test_a_walk_that_runs_out_of_time_is_taken_up_where_it_was(lake: Lake, sight: Sight) -> None:
    put(lake, *(f"step_trainer/delivery/1/ann@x.org {n:04}.json" for n in range(1100)), *_odd("step_trainer"))
    put(lake, "customer/c.json", "accelerometer/a.json")
    objects = 1100 + len(ODD_NAMES) + 2
    at_once, reason = requested(tick(sight, lake.instance))
    assert reason == f"{objects:,} new, 0 rewritten and 0 deleted objects"
    hasty = replace(sight, budget_seconds=0)
    cursor, ticks = "", []
    while not (result := tick(hasty, lake.instance, cursor)).run_requests:
        assert "the next tick goes on from there" in said(result)
        cursor = result.cursor or ""
        assert "ann@x.org" not in cursor, "a key is personal, and Dagster keeps cursors"
        assert not result.asset_events, "half a listing has no version"
        ticks.append(json.loads(cursor)["found"])
    assert len(ticks) == 4, "a page a tick: customer, customers, accelerometer, the first page of step_trainer"
    assert requested(result)[0] == at_once, "nothing was missed, and nothing looked at twice"
    assert [e.asset_key.path[-1] for e in result.asset_events] == ["customer", "accelerometer", "step_trainer"]

    lake.s3.delete_object(Bucket=lake.store.bucket, Key=hasty.walk_place.removeprefix(f"s3://{lake.store.bucket}/"))
    assert "looked at 1 objects" in said(tick(hasty, lake.instance, cursor)), "without its place it begins anew"
    assert "looked at 1 objects" in said(tick(hasty, lake.instance, '{"written by": "another version"}'))


def _odd(source: str) -> list[str]:
    return [f"{source}/{name}" for name in ODD_NAMES]


def test_what_arrives_after_it_was_passed_is_seen_by_the_next_walk(lake: Lake, sight: Sight) -> None:
    put(lake, "customer/c.json", "accelerometer/a.json", "step_trainer/s.json")
    hasty = replace(sight, budget_seconds=0)
    cursor = ""
    for _ in range(3):
        cursor = tick(hasty, lake.instance, cursor).cursor or ""
    put(lake, "customer/late.json")
    result = tick(hasty, lake.instance, cursor)
    first, reason = requested(result)
    assert reason.startswith("3 new")
    ended(lake.instance, first, DagsterRunStatus.FAILURE)
    second, reason = requested(tick(sight, lake.instance, result.cursor))
    assert reason.startswith("4 new")
    assert second != first


def test_tables_that_are_published(lake: Lake, sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    """One lakehouse through its states: a run of the landing tables between them, where one is needed."""
    tomorrow = int(time.time() * 1000) + DAY_MS
    records = [*CUSTOMERS, customer("late@x.org", "s9", agreed=tomorrow)]
    lake.put("customer/mirror/c.json", lines(records))
    lake.put("accelerometer/mirror/a.json", lines(MOTIONS))
    lake.put("step_trainer/mirror/s.json", lines(STEPS))
    first, _ = requested(tick(sight, lake.instance))
    assert lake.run(select=[*LANDING, CUSTOMER_TRUSTED]).success
    assert said(tick(sight, lake.instance)) == "nothing new in 3 objects"

    lake.put("step_trainer/delivery/1/s.json", lines(STEPS))
    lake.put("customer/mirror/c.json", lines(records[1:]))
    lake.put("accelerometer/delivery/1/a.json", lines(MOTIONS))
    lake.remove("accelerometer/mirror/a.json")
    second, reason = requested(tick(sight, lake.instance))
    assert reason == "2 new, 1 rewritten and 1 deleted objects"
    assert second != first
    assert lake.run(select=[*LANDING, CUSTOMER_TRUSTED]).success
    assert said(tick(sight, lake.instance)) == "nothing new in 4 objects"

    lake.remove("step_trainer/delivery/1/s.json")
    third, _ = requested(tick(sight, lake.instance))
    third_run = lake.run(select=LANDING)
    assert third_run.success, failure(third_run)
    lake.put("step_trainer/delivery/1/s.json", lines(STEPS))
    assert requested(tick(sight, lake.instance))[0] not in {second, third}, "what went and came again is new"
    lake.remove("step_trainer/delivery/1/s.json")

    in_two_days = replace(sight, now=lambda: time.time() + 2 * 86_400)
    key, reason = requested(tick(in_two_days, lake.instance))
    assert key == f"consent-{tomorrow}"
    assert reason.startswith("the consent date 20")
    ended(lake.instance, key, DagsterRunStatus.SUCCESS)
    assert "is not started again by itself" in said(tick(in_two_days, lake.instance))

    elsewhere = replace(sight, zone=Zone(f"{lake.zone.uri}-other", lake.s3))
    assert f"the tables were built from {lake.zone.uri}" in said(tick(elsewhere, lake.instance))

    table = lake.catalog.load_table(f"stedi.{CUSTOMER_LANDING.table}")
    older = table.snapshots()[0].snapshot_id
    table.manage_snapshots().set_current_snapshot(snapshot_id=older).commit()
    assert "rolled back: customer_landing; nothing is started" in said(tick(sight, lake.instance))
    assert lake.run(select=LANDING).success
    assert said(tick(sight, lake.instance)) == "nothing new in 3 objects"


def test_while_something_is_under_way_nothing_is_started(lake: Lake, sight: Sight) -> None:
    put(lake, "customer/c.json", "accelerometer/a.json", "step_trainer/s.json")
    lake.put(".mirroring", "folder")
    assert "a folder is being copied into the landing zone" in said(tick(sight, lake.instance))
    lake.remove(".mirroring")
    with home_lock(sight.settings, lambda _text: None):
        assert said(tick(sight, lake.instance)).startswith("another command works in")
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="stedi_assets.definitions"))
    origin = RemoteRepositoryOrigin(location, "__repository__").get_job_origin(stedi_lakehouse.name)
    for status in (DagsterRunStatus.QUEUED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED):
        instance = DagsterInstance.ephemeral()
        run = create_run_for_test(instance, job_name=stedi_lakehouse.name, status=status, remote_job_origin=origin)
        assert said(tick(sight, instance)).startswith(f"run {run.run_id} is on")
        later = replace(sight, now=lambda: time.time() + 601)
        if status == DagsterRunStatus.QUEUED:
            assert said(tick(later, instance)).startswith(f"run {run.run_id} is on")
        else:
            assert requested(tick(later, instance)), "a run that was killed says for ever that it works"


def test_a_setting_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEDI_RETENTION_DAYS", "week")
    assert said(arrivals_tick()) == (
        "the landing zone could not be looked at: STEDI_RETENTION_DAYS is 'week': a number from 0 to 36500 is expected"
    )


def test_a_store_that_does_not_answer_is_one_sentence(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Config(retries={"max_attempts": 0})
    down = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{free_port()}", config=settings)
    without = replace(sight, s3=down, zone=Zone(sight.zone.uri, down))
    monkeypatch.setattr(sensor_module, "_sight", lambda _settings: without)
    assert said(arrivals_tick()).startswith("the landing zone could not be looked at: the store did not answer")


def arrivals_tick() -> SensorResult:
    """The sensor itself, as Dagster calls it."""
    with build_sensor_context(instance=DagsterInstance.ephemeral()) as context:
        result = arrivals(context)
    assert isinstance(result, SensorResult)
    return result
