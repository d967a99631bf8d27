"""The targets, as ratios between contenders at one scale, and whether they are met.

Here: which numbers are compared. Not here: how they are shown (`page`). A target whose figures are not all there is
neither met nor missed; nor is one about time whose figures were not taken on an idle machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.contenders import DUCKDB, EMBEDDED, FIVE_PROCESSES, ONE_PROCESS
from benchmarks.results import Result, find

MANY = 20  # from this scale on the data costs more than starting does
GROWTH = (10, 200)
MOST_BYTES = 3e9
MOST_SECONDS_AT_1 = 5.0
# What may go to anything else while a figure is taken that is judged.
IDLE_SHARE = 0.1


@dataclass(frozen=True)
class Verdict:
    """A target, what was found, and whether it is met: None where there is no figure yet, or none to judge by."""

    target: str
    found: str
    met: bool | None

    @property
    def said(self) -> str:
        """In a word or two."""
        if self.found == NOT_MEASURED:
            return ""
        return {True: "met", False: "**missed**", None: "not judged: the machine was not idle"}[self.met]


NOT_MEASURED = "not measured"


def verdicts(results: Sequence[Result]) -> list[Verdict]:
    """Every target at every scale that it is about."""
    scales = sorted({result.scale for result in results if result.contender == EMBEDDED})
    many = [scale for scale in scales if scale >= MANY] or [50.0]
    return [
        *_times_as_fast(results, [1.0], ONE_PROCESS, "PySpark in one process", 2),
        *_times_as_fast(results, [1.0], FIVE_PROCESSES, "PySpark in five processes", 7),
        _pipeline_at_1(results),
        *_times_as_fast(results, many, ONE_PROCESS, "PySpark in one process", 3),
        *_beside_duckdb(results, many),
        _growth(results),
        _memory(results),
        *_delivery(results),
    ]


def _times_as_fast(
    results: Sequence[Result], scales: Sequence[float], other: str, title: str, times: float
) -> list[Verdict]:
    found = []
    for scale in scales:
        target = f"scale {scale:g}: the whole `stedi run --full` is at least {times:g} times as fast as {title}"
        them, own = find(results, other, scale), find(results, EMBEDDED, scale)
        ratio = them.median.wall / own.median.wall if them and own else None
        found.append(_judged(target, ratio, "{:.2f} times", lambda ratio: ratio >= times, them, own))
    return found


def _beside_duckdb(results: Sequence[Result], scales: Sequence[float]) -> list[Verdict]:
    found = []
    for scale in scales:
        target = f"scale {scale:g}: the run itself takes at most 3 times what DuckDB's script takes inside"
        own, them = find(results, EMBEDDED, scale), find(results, DUCKDB, scale)
        ratio = own.median.inside / them.median.inside if own and them else None
        found.append(_judged(target, ratio, "{:.2f} times", lambda ratio: ratio <= 3, own, them))
    return found


def _pipeline_at_1(results: Sequence[Result]) -> Verdict:
    target = f"scale 1: the run itself, from its start to its success, takes at most {MOST_SECONDS_AT_1:g} s"
    own = find(results, EMBEDDED, 1)
    seconds = own.median.inside if own else None
    return _judged(target, seconds, "{:.1f} s", lambda seconds: seconds <= MOST_SECONDS_AT_1, own)


def _growth(results: Sequence[Result]) -> Verdict:
    less, more = (find(results, EMBEDDED, scale) for scale in GROWTH)
    growth = None
    if less and more:
        growth = more.median.wall / less.median.wall / (more.json_bytes / less.json_bytes)
    target = "from scale {} to {} time grows at most 1.15 times as fast as the data".format(*GROWTH)
    return _judged(target, growth, "{:.2f} times", lambda found: found <= 1.15, less, more)


def _memory(results: Sequence[Result]) -> Verdict:
    peaks = [max(run.peak_bytes for run in one.runs) for one in results if one.contender == EMBEDDED]
    target = f"at every scale memory stays under {MOST_BYTES / 1e9:g} GB, the store's included"
    return _judged(target, max(peaks) / 1e9 if peaks else None, "{:.2f} GB", lambda found: found < MOST_BYTES / 1e9)


def _delivery(results: Sequence[Result]) -> list[Verdict]:
    """At the largest scale that was measured, and at the one that it is about."""
    own = [result for result in results if result.contender == EMBEDDED and result.delivered]
    scales = sorted({GROWTH[1], *(result.scale for result in own[-1:])})
    found = []
    for scale in scales:
        one = find(own, EMBEDDED, scale)
        share = one.delivered.run.inside / one.median.inside if one and one.delivered else None
        target = f"scale {scale:g}: a run that finds 1% more takes at most a tenth of a full one"
        verdict = _judged(target, share, "{:.2f} of it", lambda share: share <= 0.1, one)
        was_idle = one is None or one.delivered is None or one.delivered.run.others <= IDLE_SHARE
        found.append(verdict if was_idle else replace(verdict, met=None))
    return found


def _judged(
    target: str, found: float | None, told: str, is_met: Callable[[float], bool], *timed: Result | None
) -> Verdict:
    """`timed`: the results whose times it is about."""
    if found is None:
        return Verdict(target, NOT_MEASURED, None)
    was_idle = all(result.median.others <= IDLE_SHARE for result in timed if result)
    return Verdict(target, told.format(found), is_met(found) if was_idle else None)
