"""A run killed (SIGKILL) at each step of each table's write, audit and publication: readers see the old or the new.

A rerun gives the right rows, upkeep removes what was left. `make test-faults` tries some, then every step.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from stedi_assets_tests.faults.forked import Forked
from stedi_assets_tests.faults.plans import Point, at, numbered
from stedi_assets_tests.faults.proxy import Proxy
from stedi_assets_tests.faults.rounds import Rounds, Tally
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import Lake


@pytest.fixture
def rounds(lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """A lakehouse that was never run."""
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    proxy = Proxy(lake.endpoints.s3_url, lake.endpoints.catalog_url)
    forked = Forked(tmp_path / "runs.log")
    yield Rounds(lake, proxy, forked)
    forked.close()
    proxy.close()


def tell(tally: Tally, killed: list[Point], points: int) -> None:
    """Prints it, for who runs the tests, and asserts that nothing was lost or wrong."""
    by_place = Counter((point.phase, point.table) for point in killed)
    print(f"\n{points} points, {len(killed)} kills")  # noqa: T201 - what the test is asked to show
    for (phase, table), kills in by_place.items():
        print(f"{phase:12} {table:26} {kills}")  # noqa: T201
    record("killed at a step", tally.tries, len(tally.lost), len(tally.wrong), len(tally.unexplained))
    assert (tally.lost, tally.wrong, tally.unexplained) == ([], [], [])


SOME = [
    at("write", "accelerometer_landing", "POST s3"),
    at("publication", "landing_quarantine", "end"),
    at("publication", "customer_landing", "POST catalog"),
    at("audit", "customer_trusted", "end"),
    at("publication", "machine_learning_curated", "end"),
]


@pytest.mark.faults
def test_some_steps(rounds: Rounds) -> None:
    """Where most is at stake: a table half written, between two tables' commits, before and after a commit."""
    assert rounds.run().success
    tally = Tally()
    killed: list[Point] = []
    for is_meant in SOME:
        rounds.deliver()
        point = rounds.kill(is_meant, tally)
        assert point is not None
        killed.append(point)
    tell(tally, killed, len(SOME))


@pytest.mark.faults
@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
def test_every_step(rounds: Rounds, full: bool) -> None:
    assert rounds.run().success
    tally = Tally()
    killed: list[Point] = []
    for number in count(1):
        rounds.deliver()
        if number % 20 == 0:  # many small files of many deliveries become few
            assert rounds.run(full=True).success
            rounds.deliver()
        point = rounds.kill(numbered(number), tally, full)
        if point is None:
            break
        killed.append(point)
    tell(tally, killed, number - 1)
    assert {point.table for point in killed} >= set(rounds.right)


@pytest.mark.faults
def test_every_step_of_the_first_run(rounds: Rounds) -> None:
    """Before it there is no table: each is made, and is never published or new."""
    tally = Tally()
    killed: list[Point] = []
    for number in count(1):
        rounds.lake.drop_tables()
        point = rounds.kill(numbered(number), tally)
        if point is None:
            break
        killed.append(point)
    tell(tally, killed, number - 1)
