"""Each step of a run is one at which it is killed: in chains, each run on top of what the ones before have left.

Here: which steps come after each other, and the verdict on each chain. Not here: a round's parts (`rounds`).

A chain has one delivery. Its first run is killed at an early step; the next one, which has to go past that step, at one
some way on; and so on to the end. Then a run may end, and everything has to be as if none had been killed.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from stedi_assets_tests.faults.plans import KillAt, Point, never
from stedi_assets_tests.faults.rounds import Rounds, Seen, Tally

# How far a run gets beyond the step at which the one before it was killed: about as far as a table has steps.
STRIDE = 23
# After so many deliveries a full run makes one file of a table's many: runs read each file of each table often.
_DELIVERIES = 4


@dataclass
class Sweep:
    """Steps of one kind of run. begin: what makes it one that has them all. share: one in so many is tried."""

    rounds: Rounds
    begin: Callable[[], object]
    full: bool = False
    share: int = 1
    killed: list[Point] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    _chains: int = 0

    def points(self) -> list[Point]:
        """The steps of such a run that nobody kills."""
        self.begin()
        plan = KillAt(never)
        ended = self.rounds.run(plan, self.full)
        assert ended.success, ended
        return plan.points

    def over(self, points: list[Point]) -> None:
        """Kills a run at each of the points, whatever that takes."""
        stride = max(1, STRIDE // self.share)
        chains = deque(points[first::stride] for first in range(min(stride, len(points))))
        while chains:
            if left := self._chain(chains.popleft()):
                chains.append(left)
            told = f"chain {self._chains}: {len(self.killed)} of {len(points)}, {self.tally}"
            print(told, flush=True)  # noqa: T201 - a sweep takes minutes

    def _chain(self, points: list[Point]) -> list[Point]:
        """Kills at these points, in their order. The first that was not met any more and all after it are left."""
        rounds = self.rounds
        self._chains += 1
        if rounds.delivered and self._chains % _DELIVERIES == 0:
            assert rounds.run(full=True).success
        self.begin()
        before = rounds.seen()
        met: list[Seen] = []
        for point in points:
            if rounds.kill(point.is_step, self.tally, self.full).killed is None:
                break
            met.append(rounds.seen())
        rounds.settle(f"{points[0]} to {points[-1]}", before, met, self.tally)
        self.killed += points[: len(met)]
        if not met:  # nothing was left by others: the step is one that a run has no more
            self.tally.unexplained.append(f"{points[0]}: not met")
        return points[max(1, len(met)) :]

    def told(self, points: list[Point]) -> str:
        """How many steps there are, and at how many of which table the run was killed."""
        by_place = Counter((point.phase, point.table) for point in self.killed)
        lines = [f"{len(points)} points, {len(self.killed)} kills in {self._chains} chains"]
        return "\n".join(lines + [f"{phase:17} {table:26} {kills:3}" for (phase, table), kills in by_place.items()])
