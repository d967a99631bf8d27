"""The sensor on the landing zone: one run for what has arrived, and for a consent date that was reached.

Here: when a run is started, and what is said when none is. Not here: how the zone differs from what was ingested
(`landing.arrivals`), what a run does.

The cursor is a place in the listing and what was found before it. The key to go on after lies in the store beside the
manifests, where an erasure deletes it: a key can be somebody's, and Dagster keeps every cursor.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from stedi_assets.assets.raw import Listing, landings
from stedi_assets.building.ingestion import Landed, published_manifests
from stedi_assets.building.standing import Standing, standing
from stedi_assets.building.versions import digest
from stedi_assets.contracts import SOURCES
from stedi_assets.jobs import stedi_lakehouse
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.lakehouse import own_zone
from stedi_assets.lakehouse.lock import is_held
from stedi_assets.lakehouse.objects import get_object, put_object
from stedi_assets.lakehouse.store import MANIFESTS_FOLDER, Store
from stedi_assets.landing.arrivals import Walk, go_on
from stedi_assets.landing.zone import Zone
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

INTERVAL_SECONDS = 30
# A tick is cut off by Dagster after a minute.
BUDGET_SECONDS = 10.0
# A run takes the home's lock within seconds: one that says for longer that it works, and has no lock, is dead.
_STARTING_SECONDS = 600
_UNDER_WAY = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
_RUN_KEY_TAG = "dagster/run_key"


class Skipped(Exception):  # noqa: N818 - nothing is wrong
    """Why no run is started now, in one sentence."""


@dataclass(frozen=True)
class Sight:
    """What a tick looks at."""

    settings: Settings
    store: Store
    s3: Any
    catalog: "Catalog"
    zone: Zone
    budget_seconds: float = BUDGET_SECONDS
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    @property
    def walk_place(self) -> str:
        """Where the key lies that the walk goes on after."""
        return self.store.uri(f"{MANIFESTS_FOLDER}/walk")


@sensor(
    job=stedi_lakehouse,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="New, rewritten and deleted objects of the landing zone start one run; so does a consent date.",
)
def arrivals(context: SensorEvaluationContext) -> SensorResult:
    """What cannot be reached is said in the tick, in one sentence: the next one looks again."""
    from stedi_assets.cli.errors import sentence_of

    try:
        return look(context, _sight(Settings.load()))
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        context.log.warning(sentence)
        return SensorResult(skip_reason=f"the landing zone could not be looked at: {sentence}")


def _sight(settings: Settings) -> Sight:
    import boto3
    from botocore.config import Config

    from stedi_assets.lakehouse.catalog import open_catalog

    store = connect(settings)
    s3 = boto3.client("s3", config=Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 2}))
    return Sight(settings, store, s3, open_catalog(store), own_zone(store, s3))


def look(context: SensorEvaluationContext, sight: Sight) -> SensorResult:
    """One tick."""
    try:
        refuse_busy(context.instance, sight)
        tables = standing(sight.catalog)
        landed = published_manifests(tables.summaries, sight.s3, sight.store)
        _refuse_left_alone(tables, landed, sight.zone)
    except Skipped as reason:
        return SensorResult(skip_reason=str(reason))
    base = digest({"zone": sight.zone.uri, "tables": tables.landing, "versions": landed.versions})
    walk = go_on(_resumed(context, sight, base), sight.zone, landed.manifests, sight.budget_seconds, sight.clock)
    if not walk.is_done:
        put_object(sight.s3, sight.walk_place, walk.after.encode())
        said = f"looked at {walk.objects:,} objects so far; the next tick goes on from there"
        return SensorResult(skip_reason=said, cursor=walk.as_json())
    listings = {source: Listing(walk.of(source).listing, walk.of(source).objects) for source in SOURCES}
    result = SensorResult(cursor=walk.as_json(), asset_events=landings(context.instance, listings))
    try:
        return result._replace(run_requests=[_request(context.instance, sight, walk, landed, tables)])
    except Skipped as reason:
        return result._replace(skip_reason=SkipReason(str(reason)))


def refuse_busy(instance: DagsterInstance, sight: Sight) -> None:
    """Raises Skipped while the zone or the home is being worked in: what arrives now is seen later."""
    if sight.zone.is_being_mirrored:
        raise Skipped("a folder is being copied into the landing zone, or that was cut off: stedi run --landing PATH")
    is_worked_in = is_held(sight.settings)
    for record in instance.get_run_records(RunsFilter(job_name=stedi_lakehouse.name, statuses=_UNDER_WAY)):
        run = record.dagster_run
        began = record.start_time or record.create_timestamp.timestamp()
        is_dead = run.status != DagsterRunStatus.QUEUED and sight.now() - began > _STARTING_SECONDS
        if is_worked_in or not is_dead:
            raise Skipped(f"run {run.run_id} is on; what arrives meanwhile is looked at after it")
    if is_worked_in:
        raise Skipped(f"another command works in {sight.settings.home}; what arrives is looked at after it")


def _refuse_left_alone(tables: Standing, landed: Landed, zone: Zone) -> None:
    """Raises Skipped where somebody has decided what the tables are to be."""
    if tables.rolled_back:
        raise Skipped(
            f"rolled back: {', '.join(tables.rolled_back)}; nothing is started until somebody does: stedi run, or "
            f"the job {stedi_lakehouse.name} in the UI"
        )
    if landed.zone and landed.zone != zone.uri:
        raise Skipped(
            f"the tables were built from {landed.zone}, which nobody watches; stedi run builds them from {zone.uri}"
        )


def _resumed(context: SensorEvaluationContext, sight: Sight, base: str) -> Walk:
    """The walk that the last tick left off, or a new one: what it is compared with may be another since."""
    if context.cursor:
        kept = get_object(sight.s3, sight.walk_place) or b""
        walk = Walk.of_json(context.cursor, kept.decode())
        if walk.base == base and not walk.is_done:
            return walk
    return Walk(base)


def _request(instance: DagsterInstance, sight: Sight, walk: Walk, landed: Landed, tables: Standing) -> RunRequest:
    """The run to start. Raises Skipped where there is nothing to start one for."""
    if len(walk.empty) == len(SOURCES):
        raise Skipped(f"{sight.zone.uri} is empty: stedi deliver SOURCE PATH brings objects, stedi run --demo data/")
    if walk.empty:
        raise Skipped(
            f"{', '.join(walk.empty)}: no objects in {sight.zone.uri}; each of {', '.join(SOURCES)} needs one: "
            "stedi deliver SOURCE PATH"
        )
    if differences := walk.differences(landed.manifests):
        return _unless_started(instance, f"arrivals-{differences.digest}", str(differences))
    date = tables.next_consent_ms
    if date is not None and date <= sight.now() * 1000:
        day = datetime.fromtimestamp(date / 1000, UTC).isoformat(timespec="milliseconds")
        return _unless_started(instance, f"consent-{date}", f"the consent date {day} is reached")
    raise Skipped(f"nothing new in {walk.objects:,} objects")


def _unless_started(instance: DagsterInstance, run_key: str, reason: str) -> RunRequest:
    """The run for this reason. Raises Skipped if it was started before, whatever became of it: then it would again."""
    earlier = instance.get_runs(RunsFilter(job_name=stedi_lakehouse.name, tags={_RUN_KEY_TAG: run_key}), limit=1)
    if earlier:
        raise Skipped(
            f"{reason}: run {earlier[0].run_id} was started for that and ended with {earlier[0].status.value}; it is "
            "not started again by itself: mend what failed, then stedi run"
        )
    return RunRequest(run_key=run_key, tags={"stedi/reason": reason})
