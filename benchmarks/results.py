"""What was measured, kept as one JSON file for each contender and scale, so that a later run may add to it.

Here: its form, reading and writing. Not here: what it means (`targets`, `page`).
"""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from benchmarks.measuring import Cost

FOLDER = Path(__file__).resolve().parent / "results"


class ResultsError(click.ClickException):
    """A result that cannot be read: which one, and what to do."""


@dataclass(frozen=True)
class Run:
    """One time the job was done. wall: of the whole process; inside: of the job alone, once what computes it is up;
    cpu: seconds; peak_bytes: of memory; others: what else took the machine, as a share of all cores."""

    wall: float
    inside: float
    cpu: float
    peak_bytes: int
    others: float

    @classmethod
    def of(cls, cost: Cost, inside: float) -> "Run":
        return cls(
            round(cost.wall_seconds, 3),
            round(inside, 3),
            round(cost.cpu_seconds, 2),
            cost.peak_bytes,
            round(cost.others_share, 3),
        )


@dataclass(frozen=True)
class Phase:
    """What writing, auditing or publishing one table took (`write`, `audit`, `publish`), or finding what changed below
    it (`changes`) or who agreed, for its checks (`consent`): wall and CPU seconds of the process."""

    phase: str
    table: str
    wall: float
    cpu: float


@dataclass(frozen=True)
class Trace:
    """A run that was looked into. requests: of S3 and of the catalog, by kind; put_bytes: that the store took; cpu:
    seconds of the run's process; reading: those of what is done in it to landed objects, by what is done; served: of
    the store's server."""

    requests: Mapping[str, int]
    catalog_requests: int
    put_bytes: int
    phases: Sequence[Phase] = ()
    reading: Mapping[str, float] = field(default_factory=dict)
    cpu: float = 0.0
    served: float = 0.0


@dataclass(frozen=True)
class Delivered:
    """A run of the product that found one per cent more. steps: its seconds by Dagster's step; trace: of the next such
    run, which was looked into."""

    run: Run
    steps: Mapping[str, float]
    trace: Trace


@dataclass(frozen=True)
class Result:
    """A contender at a scale. steps: seconds by Dagster's step, of the product's median run; taken: the day, UTC;
    session: of which start of the command it is, as a time."""

    contender: str
    scale: float
    json_bytes: int
    taken: str
    machine: Mapping[str, str]
    rows: Mapping[str, int]
    runs: Sequence[Run]
    written_bytes: int | None
    trace: Trace | None = None
    session: str = ""
    steps: Mapping[str, float] = field(default_factory=dict)
    delivered: Delivered | None = None

    @property
    def median(self) -> Run:
        """The run whose wall time is the median one; of an even number the faster."""
        wall = statistics.median_low([run.wall for run in self.runs])
        return next(run for run in self.runs if run.wall == wall)


class Results:
    """The results in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Result]:
        """By scale, then as they were asked. Raises ResultsError."""
        found = [_read(file) for file in sorted(self.folder.glob("*.json"))]
        return sorted(found, key=lambda result: (result.scale, result.contender))

    def has(self, contender: str, scale: float) -> bool:
        return self._file(contender, scale).exists()

    def keep(self, result: Result) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file(result.contender, result.scale).write_text(json.dumps(asdict(result), indent=1) + "\n")

    def _file(self, contender: str, scale: float) -> Path:
        return self.folder / f"{contender}-{scale:g}.json"


def find(results: Iterable[Result], contender: str, scale: float) -> Result | None:
    return next((one for one in results if (one.contender, one.scale) == (contender, scale)), None)


def _read(file: Path) -> Result:
    try:
        content = json.loads(file.read_text())
        trace = _trace(content["trace"]) if content["trace"] else None
        runs = tuple(Run(**run) for run in content["runs"])
        delivered = content["delivered"]
        if delivered:
            delivered = Delivered(Run(**delivered["run"]), delivered["steps"], _trace(delivered["trace"]))
        return Result(**{**content, "runs": runs, "trace": trace, "delivered": delivered})
    except (ValueError, KeyError, TypeError):
        raise ResultsError(
            f"{file.name} is no result as this version keeps them: delete it, and measure that once more"
        ) from None


def _trace(content: dict[str, Any]) -> Trace:
    return Trace(**{**content, "phases": tuple(Phase(**phase) for phase in content["phases"])})
