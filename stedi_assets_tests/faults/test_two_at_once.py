"""Two runs at once: one publishes, the other waits or is told; no lost update, nothing twice.

Not here: two writers of one table (`test_readers_and_writers`), the lock itself (`test_lock`).
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from stedi_assets_tests.faults.forked import Forked
from stedi_assets_tests.faults.rounds import Rounds, Tally
from stedi_assets_tests.support.commands import command


def test_two_commands_take_turns(rounds: Rounds, home: Path) -> None:
    rounds.deliver()
    before, tally = rounds.seen(), Tally(tries=1)

    def run(_: int) -> "CompletedProcess[str]":
        return command("stedi", "run", "--landing", rounds.lake.zone.uri, home=home, STEDI_MAX_QUARANTINE_SHARE="1")

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(run, range(2)))
    said = "".join(one.stdout + one.stderr for one in ended)
    assert [one.returncode for one in ended] == [0, 0], said
    assert said.count("another run works in") == 1
    rounds.settle("two commands", before, [rounds.seen()], tally)
    tally.judge("17: two commands at once")


@pytest.mark.faults
def test_two_jobs_that_no_lock_keeps_apart(rounds: Rounds, tmp_path: Path) -> None:
    """As from two machines, or by dagster's own commands: who comes second finds the tables changed, and says so."""
    other = Rounds(rounds.lake, rounds.proxy, Forked(tmp_path / "other.log"))
    assert rounds.run().success
    for full in (False, True):
        rounds.deliver()
        before, tally = rounds.seen(), Tally(tries=1)
        with ThreadPoolExecutor(2) as pool:
            ended = [done.result() for done in [pool.submit(one.run, full=full) for one in (rounds, other)]]
        assert any(one.success for one in ended), ended
        tally.unexplained += [str(one) for one in ended if not one.success and "run again" not in one.said]
        rounds.settle("two jobs", before, [rounds.seen()], tally)
        tally.judge("17: two jobs at once")
    other.forked.close()
