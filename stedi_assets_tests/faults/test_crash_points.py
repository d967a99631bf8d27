"""A run killed (SIGKILL) at each step of each table's write, audit and publication: readers see the old or the new.

A rerun gives the right rows, upkeep removes what was left. First some steps, each settled by itself; then every step
of a run that adds, of one that builds everything anew, and of the first of all.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stedi_assets.lakehouse.catalog import NAMESPACE
from stedi_assets_tests.faults.chains import Sweep
from stedi_assets_tests.faults.forked import Forked
from stedi_assets_tests.faults.plans import at
from stedi_assets_tests.faults.proxy import Proxy
from stedi_assets_tests.faults.rounds import Rounds, Tally
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import Lake

pytestmark = pytest.mark.faults


@pytest.fixture
def rounds(lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """A lakehouse that was never run."""
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    proxy = Proxy(lake.endpoints.s3_url, lake.endpoints.catalog_url)
    forked = Forked(tmp_path / "runs.log")
    yield Rounds(lake, proxy, forked)
    forked.close()
    proxy.close()


SOME = [
    at("write", "accelerometer_landing", "POST s3"),
    at("publication", "landing_quarantine", "end"),
    at("publication", "customer_landing", "POST catalog"),
    at("audit", "customer_trusted", "end"),
    at("publication", "machine_learning_curated", "end"),
]


def test_some_steps(rounds: Rounds) -> None:
    """Where most is at stake: a table half written, between two tables' commits, before and after a commit."""
    assert rounds.run().success
    tally = Tally()
    for is_meant in SOME:
        rounds.deliver()
        before = rounds.seen()
        plan = rounds.kill(is_meant, tally)
        assert plan.killed is not None
        rounds.settle(str(plan.killed), before, [rounds.seen()], tally)
    judge("killed at a step that matters", tally)


@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
def test_every_step(rounds: Rounds, full: bool) -> None:
    assert rounds.run().success
    sweep(Sweep(rounds, rounds.deliver, full), f"killed at each step, {'full' if full else 'incremental'} run")


def test_every_step_of_the_first_run(rounds: Rounds) -> None:
    """Before it there is no table: each is made, and is never published or new."""
    lake = rounds.lake

    def drop_all() -> None:
        lake.drop_tables()
        if lake.catalog.namespace_exists(NAMESPACE):
            lake.catalog.drop_namespace(NAMESPACE)

    sweep(Sweep(rounds, drop_all), "killed at each step, first run")


def sweep(every: Sweep, fault: str) -> None:
    points = every.points()
    every.over(points)
    print(f"\n{fault}: {every.told(points)}")  # noqa: T201 - what the test is asked to show
    judge(fault, every.tally)
    assert sorted(point.number for point in every.killed) == [point.number for point in points]
    assert {point.table for point in points} >= set(every.rounds.right)


def judge(fault: str, tally: Tally) -> None:
    record(fault, tally.tries, len(tally.lost), len(tally.wrong), len(tally.unexplained))
    assert (tally.lost, tally.wrong, tally.unexplained) == ([], [], [])
