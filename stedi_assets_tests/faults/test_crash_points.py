"""A run killed (SIGKILL) at each step of each table's write, audit and publication: readers see the old or the new.

A rerun gives the right rows, upkeep removes what was left. First some steps, each settled by itself; then every step
of a run that adds, of one that builds everything anew, and of the first of all.
"""

import pytest

from stedi_assets.lakehouse.catalog import NAMESPACE
from stedi_assets_tests.faults.chains import Sweep
from stedi_assets_tests.faults.plans import at
from stedi_assets_tests.faults.rounds import Rounds, Tally

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
    tally.judge("killed at a step that matters")


@pytest.mark.faults
@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
def test_every_step(rounds: Rounds, full: bool) -> None:
    assert rounds.run().success
    sweep(Sweep(rounds, rounds.deliver, full), f"killed at each step, {'full' if full else 'incremental'} run")


@pytest.mark.faults
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
    print(f"\n{fault}: {every.told(points)}")  # noqa: T201 - by table; shown where the test fails, or with -s
    every.tally.judge(f"{fault}: {len(points)} points")
    assert sorted(point.number for point in every.killed) == [point.number for point in points]
    assert {point.table for point in points} >= set(every.rounds.right)
