"""After any sequence of deliveries every table is what a full build makes it, row by row, and so are its checks.

Here: what may happen to a zone between two runs, as hypothesis draws it, and the comparison. Not here: the full build
that is compared with (`rebuilt`), and that an increment is one (`test_incremental`).

The world is small on purpose: few people, devices and moments, so that repetitions, shared serials, strangers who move
in the same millisecond and every change of mind come often.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.lakehouse import resource
from stedi_assets.policy import Policy
from stedi_assets_tests.support.compared import differences
from stedi_assets_tests.support.lake import AGREED, TAKEN, Lake, customer, failure, lines, motion, step
from stedi_assets_tests.support.rebuilt import Rebuilt

pytestmark = pytest.mark.usefixtures("small_parts")
START = 1_700_000_000_000
SPELLINGS = [f"{spelled}@x.org" for name in ("ann", "ben", "cy") for spelled in (name, name.upper())]
SERIALS = ["s1", "s2", "s3"]
MOMENTS = [AGREED - 1, AGREED + 5, TAKEN, TAKEN + 1]
CONSENTS = [None, None, 0, AGREED, AGREED, AGREED + 7, START + 500]
SOURCES = ("customer", "accelerometer", "step_trainer")

emails, serials, moments = st.sampled_from(SPELLINGS), st.sampled_from(SERIALS), st.sampled_from(MOMENTS)
people = st.builds(customer, emails, serials, st.sampled_from(CONSENTS), st.integers(AGREED, AGREED + 6))
motions = st.builds(motion, emails, moments, x=st.sampled_from([0.0, 1.0]))
steps = st.builds(step, serials, moments, st.sampled_from([210, 211]))
records = {"customer": people, "accelerometer": motions, "step_trainer": steps}
damage = st.sampled_from(["", "", "", '{"cut', '{"user": 1, "more": "fields"}\n'])
Objects = dict[str, tuple[list[dict[str, Any]], str]]


@dataclass
class World:
    """What lies in the zone, by name, and the time. `changed`: since the last run."""

    lake: Lake
    now: int = START
    objects: Objects = field(default_factory=dict)
    delivered: int = 0

    def write(self, name: str, content: list[dict[str, Any]], tail: str = "") -> None:
        self.objects[name] = content, tail
        self.lake.put(name, lines(content) + tail)

    def deliver(self, source: str, content: list[dict[str, Any]], tail: str = "") -> None:
        self.delivered += 1
        self.write(f"{source}/delivery/{self.delivered}/new.json", content, tail)


def begin(world: World, draw: Callable[[Any], Any]) -> None:
    """Someone who agrees and someone who does not, all of whom move."""
    world.deliver("customer", [customer("ann@x.org", "s1"), customer("ben@x.org", "s2", agreed=None)])
    world.deliver("accelerometer", [motion(user, TAKEN) for user in ("ann@x.org", "ben@x.org")])
    world.deliver("step_trainer", [step(serial, TAKEN) for serial in SERIALS])


def bring_new(world: World, draw: Callable[[Any], Any]) -> None:
    source = draw(st.sampled_from(SOURCES))
    world.deliver(source, draw(st.lists(records[source], min_size=1, max_size=4)), draw(damage))


def change_mind(world: World, draw: Callable[[Any], Any]) -> None:
    """A record newer than all before it: consent given or withdrawn, or another device."""
    world.deliver("customer", [{**draw(people), "lastUpdateDate": AGREED + 100 + world.delivered}])


def repeat(world: World, draw: Callable[[Any], Any]) -> None:
    """Readings that are there already, some in the other spelling."""
    there = sorted(name for name, (content, _) in world.objects.items() if content and name.startswith("accel"))
    again = [dict(reading) for reading in world.objects[draw(st.sampled_from(there))][0]] if there else []
    for reading in again:
        if draw(st.booleans()):
            reading["user"] = reading["user"].swapcase()
    world.deliver("accelerometer", again)


def rewrite(world: World, draw: Callable[[Any], Any]) -> None:
    name = draw(st.sampled_from(sorted(world.objects)))
    world.write(name, draw(st.lists(records[name.partition("/")[0]], max_size=3)), draw(damage))


def delete(world: World, draw: Callable[[Any], Any]) -> None:
    """A source always has an object: without any, a run is refused."""
    name = draw(st.sampled_from(sorted(world.objects)))
    if sum(other.startswith(name.partition("/")[0]) for other in world.objects) > 1:
        del world.objects[name]
        world.lake.remove(name)


def wait(world: World, draw: Callable[[Any], Any]) -> None:
    """Until a consent begins that was dated ahead."""
    world.now += draw(st.sampled_from([1, 500]))


CHANGES = [bring_new, bring_new, bring_new, change_mind, change_mind, repeat, rewrite, delete, wait]


def compare(world: World, spark: SparkSession, policy: Policy) -> None:
    """Every table, and what is recorded of its checks, with those of a full build."""
    rebuilt = Rebuilt(spark, world.lake.zone, policy)
    for contract in CONTRACTS:
        found = world.lake.catalog.load_table(f"stedi.{contract.table}").scan().to_arrow().to_pylist()
        assert differences(contract.table, found, rebuilt.rows[contract.table]) == []
        assert recorded(world.lake, contract) == rebuilt.verdicts(contract), contract.table


def recorded(lake: Lake, contract: Contract) -> dict[str, tuple[int | None, int | None]]:
    told = json.loads(lake.published(contract).summary["stedi.checks"])
    return {check: (expected, actual) for check, (_, _, expected, actual) in told.items()}


POLICIES = st.builds(
    Policy,
    st.just(START),
    consent=st.sampled_from(["published", "at-reading"]),
    serials=st.sampled_from(["published", "unambiguous"]),
    minimum_subjects=st.sampled_from([0, 0, 2]),
)


def play(spark: SparkSession, monkeypatch: pytest.MonkeyPatch, data: st.DataObject, rounds: int) -> None:
    """One world, from nothing on."""
    lake = Lake()
    lake.drop_tables()
    world, policy = World(lake), data.draw(POLICIES)
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", str(policy.minimum_subjects))
    monkeypatch.setattr(resource, "_started_ms", lambda _context: world.now)
    begin(world, data.draw)
    for number in range(rounds):
        for change in data.draw(st.lists(st.sampled_from(CHANGES), min_size=min(number, 1), max_size=3)):
            change(world, data.draw)
        result = lake.run(consent=policy.consent, serials=policy.serials)
        assert result.success, failure(result)
        compare(world, spark, Policy(world.now, policy.consent, policy.serials, policy.minimum_subjects))
    lake.drop_tables()


CHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=1, deadline=None, phases=[Phase.generate], suppress_health_check=CHECKED, derandomize=True)
@given(data=st.data())
def test_some_rounds(spark: SparkSession, monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    play(spark, monkeypatch, data, rounds=5)


@pytest.mark.faults(minutes=11)
@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=CHECKED)
@given(data=st.data())
def test_many_worlds(spark: SparkSession, monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    play(spark, monkeypatch, data, rounds=8)
