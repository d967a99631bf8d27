"""The store killed (SIGKILL) during a run and between runs, and started again: nothing acknowledged is lost.

On a home of its own, whose server nobody else needs. Not here: a store that answers wrongly (`test_faulty_store`).
"""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import psutil
import pytest

from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.services import ensure_running, find, stop
from stedi_assets.settings import Settings
from stedi_assets_tests.faults.forked import Forked
from stedi_assets_tests.faults.plans import KillAt, Point, at
from stedi_assets_tests.faults.proxy import Fault, Proxy, Request
from stedi_assets_tests.faults.rounds import Rounds, Tally
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.lake import Lake, bring


@pytest.fixture
def alone(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """A lakehouse with a server of its own, after its first run."""
    of_session = Settings.load()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys that it began with
    monkeypatch.setenv("STEDI_HOME", str(own_home))
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    lake = Lake()
    bring(lake, tmp_path / "landing")
    proxy, forked = Proxy(lake.endpoints.s3_url, lake.endpoints.catalog_url), Forked(tmp_path / "runs.log")
    rounds = Rounds(lake, proxy, forked)
    assert rounds.run().success
    yield rounds
    forked.close()
    proxy.close()
    connect(of_session)  # the environment has the keys of the store that was connected to last


@dataclass
class StoreKilledAt:
    """Kills the store at the first step that is meant, before it hears of it; starts it again then, or not."""

    home: Path
    is_meant: Callable[[Point], bool]
    restart: bool
    killed: bool = False
    steps: KillAt = field(init=False)

    def __post_init__(self) -> None:
        self.steps = KillAt(self._is_due, end=self._kill)

    def __call__(self, request: Request) -> Fault | None:
        return None if self.killed else self.steps(request)

    def _is_due(self, point: Point) -> bool:
        return not self.killed and self.is_meant(point)

    def _kill(self, _run: int) -> None:
        self.killed = True
        kill(self.home)
        if self.restart:
            ensure_running(self.home)


def kill(home: Path) -> None:
    """Returns when it is gone."""
    services = find(home)
    assert services is not None
    process = psutil.Process(services.pid)
    os.kill(services.pid, signal.SIGKILL)
    psutil.wait_procs([process], timeout=30)


STEPS = [
    at("write", "accelerometer_landing", "POST s3"),
    at("audit", "step_trainer_trusted", "begin"),
    at("publication", "machine_learning_curated", "end"),
]
AT_A_COMMIT = at("publication", "customer_trusted", "POST catalog")


def test_killed_and_started_again_during_a_run(alone: Rounds, own_home: Path) -> None:
    succeeds_when_killed_at(AT_A_COMMIT, alone, own_home, restart=True)


@pytest.mark.faults
def test_killed_at_other_steps(alone: Rounds, own_home: Path) -> None:
    for is_meant in STEPS:
        succeeds_when_killed_at(is_meant, alone, own_home, restart=True)


@pytest.mark.faults
def test_killed_for_the_rest_of_a_run(alone: Rounds, own_home: Path) -> None:
    assert not succeeds_when_killed_at(AT_A_COMMIT, alone, own_home, restart=False)


def succeeds_when_killed_at(is_meant: Callable[[Point], bool], alone: Rounds, home: Path, restart: bool) -> bool:
    """Whether the run does. What is left behind has to be right in either case."""
    alone.deliver()
    before, tally, plan = alone.seen(), Tally(tries=1), StoreKilledAt(home, is_meant, restart)
    ended = alone.run(plan)
    assert plan.killed
    assert ended.success or ended.said, "it says why"
    ensure_running(home)
    alone.settle(str(plan.steps.points[-1]), before, [alone.seen()], tally)
    tally.judge("18: the store killed during a run", ended)
    return ended.success


@pytest.mark.faults
def test_killed_between_runs(alone: Rounds, own_home: Path) -> None:
    """What a run was told is published is there when the store comes back, to the byte."""
    for _ in range(2):
        alone.deliver()
        assert alone.run().success
        before = alone.seen()
        kill(own_home)
        ensure_running(own_home)
        lost = [table for table, found in alone.seen().items() if found != before[table]]
        record("18: the store killed between two runs", 1, len(lost))
        assert lost == []
    assert stop(own_home)
