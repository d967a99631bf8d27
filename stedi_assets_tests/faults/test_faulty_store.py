"""Whole runs on a faulty store: errors, resets, cut answers, time-outs, an outage, and changes whose answer is lost.

Each gets through by trying again, or fails with every table as it was or whole as it was to be; the run after it has
the right rows. Not here: single commits (`test_lost_answers`), a store that is killed (`test_killed_store`).
"""

import pytest

from stedi_assets_tests.faults.plans import Outage, Rule
from stedi_assets_tests.faults.proxy import CATALOG, HANG, RESET, S3, TRUNCATE, Fault
from stedi_assets_tests.faults.rounds import Rounds, Tally

FOR_GOOD = 10**6
COMMITS_UNTOLD = Rule(Fault(passes=True, status=500), CATALOG, "POST", every=3, times=FOR_GOOD)
BUSY = Rule(Fault(status=503), every=25, times=8)
LONG: list[Rule | Outage] = [
    Rule(Fault(status=503), every=9, times=FOR_GOOD),
    Rule(Fault(status=500), every=9, times=FOR_GOOD),
    Rule(Fault(how=RESET), every=9, times=FOR_GOOD),
    Rule(Fault(how=TRUNCATE), every=9, times=FOR_GOOD),
    Rule(Fault(passes=True, status=500), S3, "PUT|POST|DELETE", every=5, times=FOR_GOOD),
    Rule(Fault(passes=True, how=RESET), CATALOG, "POST", every=2, times=FOR_GOOD),
    Rule(Fault(how=HANG), S3, "GET", every=40, times=1),
    Rule(Fault(how=HANG), S3, "PUT", every=12, times=1),
    Rule(Fault(how=HANG), CATALOG, "GET", every=3, times=1),
    Rule(Fault(passes=True, how=HANG), CATALOG, "POST", every=2, times=1),
    Outage(Fault(status=503), "accelerometer_landing", 2),
    Outage(Fault(how=RESET), "customer_trusted", 2),
    Outage(Fault(status=500), "step_trainer_trusted", FOR_GOOD),
    Outage(Fault(how=RESET), "machine_learning_curated", FOR_GOOD),
]


def told(plan: Rule | Outage) -> str:
    if isinstance(plan, Rule):
        times = f"{plan.times} of" if plan.times < FOR_GOOD else "every"
        return f"{times} {plan.every}th {plan.method} of {plan.to}: {plan.fault}".replace(".*", "any")
    return (
        f"{plan.fault} for {'good' if plan.seconds == FOR_GOOD else f'{plan.seconds:g} s'} while writing {plan.table}"
    )


def test_some_faults(rounds: Rounds) -> None:
    assert rounds.run().success
    for plan in (BUSY, COMMITS_UNTOLD):
        assert met(rounds, plan), f"{told(plan)}: it gets through"


@pytest.mark.faults
@pytest.mark.parametrize("plan", LONG, ids=told)
def test_every_fault(rounds: Rounds, plan: Rule | Outage, capsys: pytest.CaptureFixture[str]) -> None:
    assert rounds.run().success
    got_through = met(rounds, plan)
    with capsys.disabled():
        print(f"\n{told(plan)}: {plan.done} requests, {'got through' if got_through else 'failed'}")  # noqa: T201
    if isinstance(plan, Outage) and plan.seconds == FOR_GOOD:
        assert not got_through


def met(rounds: Rounds, plan: Rule | Outage) -> bool:
    """Whether a run that meets the plan succeeds. What is left behind has to be right in either case."""
    rounds.deliver()
    before, tally = rounds.seen(), Tally(tries=1)
    ended = rounds.run(plan)
    assert plan.done > 0, "nothing went wrong"
    if ended.status != 0 or (not ended.success and not ended.said):
        tally.unexplained.append(f"{told(plan)}: {ended}")
    rounds.settle(told(plan), before, [rounds.seen()], tally)
    tally.judge(f"16: {'an outage' if isinstance(plan, Outage) else plan.fault}", ended)
    return ended.success
