"""When each customer steps, before or after consent, and which customers share a timestamp.

Times are milliseconds within a world. How many motions accompany a step is `motions`; consent dates are
`people`.
"""

from dataclasses import dataclass
from itertools import chain

from stedi_assets.synthetic import figures
from stedi_assets.synthetic.draw import Draw
from stedi_assets.synthetic.figures import Phase

FIRST_START = 3_600_000
STARTS_WITHIN = 600_000  # as crowded as in the reference set, so that shared timestamps come about naturally
PACE = (2_100, 3_700)
MOST_STEPS_BEFORE_CONSENT = 13  # of customers with steps after it


@dataclass(slots=True, eq=False)
class Step:
    """One reading of a step trainer."""

    customer: int
    phase: Phase
    time: int
    shared_by: str = ""  # phases of all customers with a step at this time, if several
    motions: int = figures.USUAL_MOTIONS_PER_STEP


def steps_before_consent(draw: Draw) -> list[int]:
    """How many steps each consenting customer takes before consent, those with no other steps first."""
    all_before = figures.CONSENTING_AFTER_ALL_READINGS
    counts = [
        0 if draw.below(5) == 0 else draw.between(1, MOST_STEPS_BEFORE_CONSENT)
        for _ in range(figures.CONSENTING - all_before)
    ]
    wanted = figures.STEPS_BEFORE_CONSENT - all_before * figures.STEPS_PER_CUSTOMER
    while (missing := wanted - sum(counts)) != 0:
        customer = draw.below(len(counts))
        changed = counts[customer] + (1 if missing > 0 else -1)
        if counts[customer] > 0 and 1 <= changed <= MOST_STEPS_BEFORE_CONSENT:
            counts[customer] = changed
    return [figures.STEPS_PER_CUSTOMER] * all_before + counts


def schedule(draw: Draw, before: list[int]) -> list[list[Step]]:
    """The steps of each customer in order of time; the consenting customers are first, as in `before`."""
    steps_of = [_regular_steps(draw, customer, before) for customer in range(figures.CUSTOMERS)]
    steps = sorted(chain.from_iterable(steps_of), key=lambda step: (step.time, step.customer))
    groups = _sharing(steps)
    alone = [[step] for step in steps if not step.shared_by]
    _settle(groups + alone)
    return steps_of


def _regular_steps(draw: Draw, customer: int, before: list[int]) -> list[Step]:
    start = FIRST_START + draw.below(STARTS_WITHIN)
    pace = draw.between(*PACE)
    times = [start + turn * pace for turn in range(figures.STEPS_PER_CUSTOMER)]
    return [Step(customer, _phase(customer, turn, before), time) for turn, time in enumerate(times)]


def _phase(customer: int, turn: int, before: list[int]) -> Phase:
    if customer >= len(before):
        return Phase.NEVER
    if before[customer] == figures.STEPS_PER_CUSTOMER:
        return Phase.ONLY_BEFORE
    return Phase.BEFORE if turn < before[customer] else Phase.AFTER


def _sharing(steps: list[Step]) -> list[list[Step]]:
    """Mark the groups of steps which come to share a timestamp: of neighbours in time, the closest first.

    They are milliseconds apart, far less than anybody's pace, so all of a group are of different customers.
    """
    wanted = dict(figures.SHARED)
    groups: list[list[Step]] = []
    for size in sorted({len(phases) for phases in wanted}, reverse=True):
        neighbours = [steps[first : first + size] for first in range(len(steps) - size + 1)]
        neighbours.sort(key=lambda group: group[-1].time - group[0].time)
        for group in neighbours:
            phases = "".join(sorted(step.phase for step in group))
            if wanted.get(phases, 0) == 0 or any(step.shared_by for step in group):
                continue
            wanted[phases] -= 1
            groups.append(group)
            for step in group:
                step.shared_by = phases
    return groups


def _settle(groups: list[list[Step]]) -> None:
    """Give each group a timestamp of its own, next to where its first step was."""
    taken: set[int] = set()
    for group in groups:
        time = group[0].time
        while time in taken:
            time += 1
        taken.add(time)
        for step in group:
            step.time = time
