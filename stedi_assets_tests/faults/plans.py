"""Plans of faults: which requests go wrong, and how.

Here: the choice. Not here: what is done to a request then (`proxy`).
"""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from stedi_assets_tests.faults.proxy import MARK, RESET, Fault, Request


@dataclass(frozen=True)
class Point:
    """A step of a run: its number, of what of which table, what was asked of the store, and the how manieth such it is.

    By all but its number it is known again in a run that has less to do, or more.
    """

    number: int
    phase: str
    table: str
    what: str
    nth: int = 1

    def is_step(self, other: "Point") -> bool:
        """Whether the other one is the same step, of whatever run."""
        return (self.phase, self.table, self.what, self.nth) == (other.phase, other.table, other.what, other.nth)


def kill_process(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@dataclass
class KillAt:
    """Kills the run (SIGKILL) at the first step that is meant, before the store hears of it.

    A step is a change of the store, by whichever client of the run, or the begin or the end of a table's write, audit
    or publication. Between two of them the store is the same: with every k every state that a run can leave is met.

    end: what is done instead of that, with the run's process.
    """

    is_meant: Callable[[Point], bool]
    killed: Point | None = None
    points: list[Point] = field(default_factory=list)
    end: Callable[[int], object] = kill_process
    _pid: int = 0
    _at: tuple[str, str] = ("begin", "")

    def __call__(self, request: Request) -> Fault | None:
        if self.killed is not None:
            return Fault(how=RESET)
        what = f"{request.method} {request.to}"
        if request.is_mark:
            phase, table, what = request.path.removeprefix(MARK).split("/")
            if phase == "start":
                self._pid = int(table)
                return None
            self._at = (phase, table)
        elif not request.is_change:
            return None
        alike = sum((point.phase, point.table, point.what) == (*self._at, what) for point in self.points)
        self.points.append(Point(len(self.points) + 1, *self._at, what, alike + 1))
        if request.is_mark and what == "end":
            self._at = (f"after {self._at[0]}", self._at[1])
        if not self.is_meant(self.points[-1]):
            return None
        self.end(self._pid)
        self.killed = self.points[-1]
        return Fault(how=RESET)


def never(point: Point) -> bool:
    """No step: the run is only looked at."""
    return False


def at(phase: str, table: str, what: str) -> Callable[[Point], bool]:
    """The first such step."""
    return lambda point: (point.phase, point.table, point.what) == (phase, table, what)


@dataclass
class Rule:
    """The fault for each `every`th request that matches, `times` of them, after the first `skip`."""

    fault: Fault
    to: str = ".*"
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    skip: int = 0
    every: int = 1
    matched: int = 0

    @property
    def done(self) -> int:
        """How many requests went wrong."""
        return max(0, min(self.matched // self.every - self.skip, self.times))

    def __call__(self, request: Request) -> Fault | None:
        wanted = ((self.to, request.to), (self.method, request.method), (self.path, request.path))
        if request.is_mark or not all(re.fullmatch(pattern, found) for pattern, found in wanted):
            return None
        self.matched += 1
        number, rest = divmod(self.matched, self.every)
        return self.fault if rest == 0 and self.skip < number <= self.skip + self.times else None


@dataclass
class Outage:
    """The fault for every request of so many seconds, from the first change that this table's write makes on."""

    fault: Fault
    table: str
    seconds: float
    done: int = 0
    _writing: bool = False
    _until: float = 0

    def __call__(self, request: Request) -> Fault | None:
        if request.is_mark:
            self._writing |= request.path == f"{MARK}write/{self.table}/begin"
            return None
        if self._writing and not self._until and request.is_change:
            self._until = time.monotonic() + self.seconds
        if time.monotonic() > self._until:
            return None
        self.done += 1
        return self.fault


@dataclass
class Counting:
    """No fault; how often each kind of request was made."""

    found: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: Request) -> Fault | None:
        self.found[f"{request.to} {request.method} {re.sub(r'[0-9a-f-]{32,}', '*', request.path)}"] += 1
        return None
