"""How many accelerometer readings accompany each step, so that every count and join has its figure.

Each step starts with the usual three; what is too many for the figures is then taken away, phase by phase.
Times are `schedule`; the readings themselves are `world`.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import chain

from stedi_assets.synthetic import figures
from stedi_assets.synthetic.draw import Draw
from stedi_assets.synthetic.figures import USUAL_MOTIONS_PER_STEP as USUAL
from stedi_assets.synthetic.figures import Phase
from stedi_assets.synthetic.schedule import Step

TAKE_TWO_OF = 40  # one in so many thinned steps is left with a single motion


@dataclass(frozen=True)
class Excess:
    """How many motions are to be taken away from which steps."""

    both_after: int  # shared by two consenting customers, both after consent
    one_after: int  # shared by two, this one after consent and the other before
    one_before: int  # shared by two, this one before consent and the other after
    both_before: int  # shared by two, both before consent
    alone_after: int
    alone_before: int
    never: int


def assign_motions(draw: Draw, steps_of: list[list[Step]]) -> None:
    """Set `motions` of all steps."""
    steps = list(chain.from_iterable(steps_of))
    excess = _excess(Counter(step.phase for step in steps))
    total = Counter({customer: USUAL * len(steps) for customer, steps in enumerate(steps_of)})

    after = [step for step in steps if step.phase == Phase.AFTER]
    before = [step for step in steps if step.phase in (Phase.BEFORE, Phase.ONLY_BEFORE)]
    never = [step for step in steps if step.phase == Phase.NEVER]
    alone_after = [step for step in after if _consenting(step) == "A"]
    alone_before = [step for step in before if _consenting(step) in ("B", "O")]

    quietest = steps_of[-1]  # by chance alone, nobody would be left with the fewest motions
    gone = USUAL * len(quietest) - figures.MOTIONS_OF_CUSTOMER[0]
    _take_away(draw, quietest, gone, total)
    _take_away(draw, never, excess.never - gone, total)
    _take_away(draw, alone_after, excess.alone_after, total)
    _take_away(draw, alone_before, excess.alone_before, total)
    for group, phases, count in (
        (after, "AA", excess.both_after),
        (after, "AB", excess.one_after),
        (before, "AB", excess.one_before),
        (before, "BB", excess.both_before),
    ):
        _take_away(draw, [step for step in group if _consenting(step) == phases], count, total)
    _add(draw, alone_after, figures.SURPLUS_MOTIONS[Phase.AFTER], total)
    _add(draw, never, figures.SURPLUS_MOTIONS[Phase.NEVER], total)


def _excess(steps: Counter[Phase]) -> Excess:
    """What three motions for each step have too many of.

    A motion less in a pair is exactly one row less in the join; the few larger groups keep the usual three.
    """
    any_phase = one_side_after = both_after = 0  # rows of different customers, joined on the timestamp
    for phases, timestamps in figures.SHARED.items():
        after, consenting = phases.count(Phase.AFTER), len(phases) - phases.count(Phase.NEVER)
        any_phase += timestamps * USUAL * consenting * (consenting - 1)
        one_side_after += timestamps * USUAL * after * (consenting - 1)
        both_after += timestamps * USUAL * after * (after - 1)
    any_phase -= figures.JOINED - figures.MOTIONS_TRUSTED
    motion_after = one_side_after - (figures.JOINED_MOTION_AFTER_CONSENT - figures.MOTIONS_AFTER_CONSENT)
    step_after = one_side_after - (figures.JOINED_STEP_AFTER_CONSENT - figures.MOTIONS_AFTER_CONSENT)
    both_after -= figures.JOINED_AFTER_CONSENT - figures.MOTIONS_AFTER_CONSENT

    all_after = USUAL * steps[Phase.AFTER] - figures.MOTIONS_AFTER_CONSENT
    all_before = USUAL * (steps[Phase.BEFORE] + steps[Phase.ONLY_BEFORE])
    all_before -= figures.MOTIONS_TRUSTED - figures.MOTIONS_AFTER_CONSENT
    never = USUAL * steps[Phase.NEVER] - (figures.MOTIONS - figures.MOTIONS_TRUSTED)
    return Excess(
        both_after=both_after,
        one_after=motion_after - both_after,
        one_before=step_after - both_after,
        both_before=any_phase - motion_after - step_after + both_after,
        alone_after=all_after - motion_after + sum(figures.SURPLUS_MOTIONS[Phase.AFTER]),
        alone_before=all_before - any_phase + motion_after,
        never=never + sum(figures.SURPLUS_MOTIONS[Phase.NEVER]),
    )


def _consenting(step: Step) -> str:
    """The phases of those who step at this time and consent, at whatever time."""
    return (step.shared_by or step.phase).replace(Phase.NEVER, "")


def _take_away(draw: Draw, steps: list[Step], count: int, total: Counter[int]) -> None:
    for step in draw.shuffled(steps):
        if count == 0:
            return
        less = 2 if count > 1 and draw.below(TAKE_TWO_OF) == 0 else 1
        if step.motions == USUAL and total[step.customer] - less >= figures.MOTIONS_OF_CUSTOMER[0]:
            step.motions -= less
            total[step.customer] -= less
            count -= less


def _add(draw: Draw, steps: list[Step], surplus: tuple[int, ...], total: Counter[int]) -> None:
    for more in surplus:
        step = next(
            step
            for step in draw.shuffled(steps)
            if step.motions == USUAL and total[step.customer] + more <= figures.MOTIONS_OF_CUSTOMER[-1]
        )
        step.motions += more
        total[step.customer] += more
