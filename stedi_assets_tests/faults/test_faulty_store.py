"""Whole runs on a faulty store: errors, resets, cut answers, time-outs, an outage, and changes whose answer is lost.

Each gets through by trying again, or fails with every table as it was or whole as it was to be; the run after it has
the right rows. Not here: single commits (`test_lost_answers`), a store that is killed (`test_killed_store`).
"""

import pytest

from stedi_assets_tests.faults.plans import Flaky, Outage
from stedi_assets_tests.faults.proxy import CATALOG, HANG, RESET, S3, TRUNCATE, Fault
from stedi_assets_tests.faults.rounds import Rounds, Tally
from stedi_assets_tests.faults.table import record

FOR_GOOD = 10**6
COMMITS_UNTOLD = Flaky(Fault(passes=True, status=500), 3, CATALOG, "POST")
BUSY = Flaky(Fault(status=503), 25)
LONG: list[Flaky | Outage] = [
    Flaky(Fault(status=503), 9),
    Flaky(Fault(status=500), 9),
    Flaky(Fault(how=RESET), 9),
    Flaky(Fault(how=TRUNCATE), 9),
    Flaky(Fault(passes=True, status=500), 5, S3, "PUT|POST|DELETE"),
    Flaky(Fault(passes=True, how=RESET), 2, CATALOG, "POST"),
    Flaky(Fault(how=HANG), 40, S3, "GET", times=1),
    Flaky(Fault(how=HANG), 12, S3, "PUT", times=1),
    Flaky(Fault(how=HANG), 3, CATALOG, "GET", times=1),
    Flaky(Fault(passes=True, how=HANG), 2, CATALOG, "POST", times=1),
    Outage(Fault(status=503), "accelerometer_landing", 2),
    Outage(Fault(how=RESET), "customer_trusted", 2),
    Outage(Fault(status=500), "step_trainer_trusted", FOR_GOOD),
    Outage(Fault(how=RESET), "machine_learning_curated", FOR_GOOD),
]


def told(plan: Flaky | Outage) -> str:
    if isinstance(plan, Flaky):
        times = f"{plan.times} of" if plan.times < FOR_GOOD else "every"
        return f"{times} {plan.every}th {plan.method} of {plan.to}: {plan.fault}".replace(".*", "any")
    return (
        f"{plan.fault} for {'good' if plan.seconds == FOR_GOOD else f'{plan.seconds:g} s'} while writing {plan.table}"
    )


@pytest.mark.parametrize("plan", [BUSY, COMMITS_UNTOLD], ids=told)
def test_some_faults(rounds: Rounds, plan: Flaky) -> None:
    assert met(rounds, plan), "it gets through"


@pytest.mark.faults
@pytest.mark.parametrize("plan", LONG, ids=told)
def test_every_fault(rounds: Rounds, plan: Flaky | Outage, capsys: pytest.CaptureFixture[str]) -> None:
    got_through = met(rounds, plan)
    with capsys.disabled():
        print(f"\n{told(plan)}: {plan.done} requests, {'got through' if got_through else 'failed'}")  # noqa: T201
    if isinstance(plan, Outage) and plan.seconds == FOR_GOOD:
        assert not got_through


def met(rounds: Rounds, plan: Flaky | Outage) -> bool:
    """Whether a run that meets the plan succeeds. What is left behind has to be right in either case."""
    assert rounds.run().success
    rounds.deliver()
    before, tally = rounds.seen(), Tally(tries=1)
    ended = rounds.run(plan)
    assert plan.done > 0, "nothing went wrong"
    if ended.status != 0 or (not ended.success and not ended.said):
        tally.unexplained.append(f"{told(plan)}: {ended}")
    rounds.settle(told(plan), before, [rounds.seen()], tally)
    record(f"16: {'an outage' if isinstance(plan, Outage) else plan.fault}", 1, *map(len, found_in(tally)))
    assert found_in(tally) == ([], [], []), ended
    return ended.success


def found_in(tally: Tally) -> tuple[list[str], list[str], list[str]]:
    return tally.lost, tally.wrong, tally.unexplained
