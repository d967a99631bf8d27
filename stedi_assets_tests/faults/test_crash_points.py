"""A run killed (SIGKILL) at each step of each table's write, audit and publication: readers see the old or the new.

A rerun gives the right rows, upkeep removes what was left. First some steps, each settled by itself; then every step
of a run that adds; then of one that builds everything anew, and of the first of all, one step in eight, on another day
the next ones: with all of them the tests took more than an hour.
"""

from datetime import UTC, datetime

import pytest

from stedi_assets.lakehouse.catalog import NAMESPACE
from stedi_assets_tests.faults.chains import Sweep
from stedi_assets_tests.faults.plans import at
from stedi_assets_tests.faults.rounds import Rounds, Tally

# In the order in which a run comes to them.
SOME = [
    at("write", "accelerometer_landing", "POST s3"),
    at("publication", "customer_landing", "POST catalog"),
    at("publication", "landing_quarantine", "end"),
    at("audit", "customer_trusted", "end"),
    at("publication", "machine_learning_curated", "end"),
]
# In so many days all steps of the long sweeps are met.
_DAYS = 8


def test_some_steps(rounds: Rounds) -> None:
    """Where most is at stake: a table half written, between two tables' commits, before and after a commit.

    In one chain: each run goes on with what the one before it left.
    """
    assert rounds.run().success
    rounds.deliver()
    before, met, tally = rounds.seen(), [], Tally()
    for is_meant in SOME:
        assert rounds.kill(is_meant, tally).killed is not None
        met.append(rounds.seen())
    rounds.settle("five steps", before, met, tally)
    tally.judge("killed at a step that matters")


@pytest.mark.faults(minutes=25)
@pytest.mark.parametrize("half", [0, 1], ids=["odd", "even"])
def test_every_step(rounds: Rounds, half: int) -> None:
    """In halves, so that two processes have as much to do."""
    assert rounds.run().success
    sweep(Sweep(rounds, rounds.deliver, share=2), half, "killed at each step")


@pytest.mark.faults(minutes=5)
def test_steps_of_a_full_run(rounds: Rounds) -> None:
    assert rounds.run().success
    sweep(Sweep(rounds, rounds.deliver, full=True, share=_DAYS), _today(), "killed, full run")


@pytest.mark.faults(minutes=5)
def test_steps_of_the_first_run(rounds: Rounds) -> None:
    """Before it there is no table: each is made, and is never published or new."""
    lake = rounds.lake

    def drop_all() -> None:
        lake.drop_tables()
        if lake.catalog.namespace_exists(NAMESPACE):
            lake.catalog.drop_namespace(NAMESPACE)

    sweep(Sweep(rounds, drop_all, share=_DAYS), _today(), "killed, first run")


def sweep(these: Sweep, first: int, fault: str) -> None:
    points = these.points()
    chosen = points[first :: these.share]
    these.over(chosen)
    print(f"\n{fault}: {these.told(points)}")  # noqa: T201 - by table; shown where the test fails, or with -s
    which = ", ".join(str(point.number) for point in chosen[:3])
    these.tally.judge(f"{fault}: {which} ... of {len(points)}")
    assert sorted(point.number for point in these.killed) == [point.number for point in chosen]
    assert {point.table for point in points} >= set(these.rounds.right)


def _today() -> int:
    return datetime.now(UTC).toordinal() % _DAYS
