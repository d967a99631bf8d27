"""What a contender is, and those that are a plain script: JSON files in, eight Parquet tables out.

Here: running scripts and counting their rows. Not here: the scripts themselves (`contenders`, one file each), the
product (`contenders.product`).
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.data import Data
from benchmarks.measuring import cost_of
from benchmarks.results import Delivered, Run, Trace
from stedi_assets.contracts import CONTRACTS, LANDING_QUARANTINE
from stedi_assets_tests.support.commands import REPOSITORY, environment

TABLES = tuple(contract.table for contract in CONTRACTS if contract is not LANDING_QUARANTINE)


@dataclass(frozen=True)
class Done:
    """A job done so and so often. rows: by table; written_bytes: of one run; trace: of a run that was not timed;
    steps: seconds by Dagster's step; delivered: a run that found one per cent more."""

    runs: Sequence[Run]
    rows: Mapping[str, int]
    written_bytes: int | None
    trace: Trace | None = None
    steps: Mapping[str, float] = field(default_factory=dict)
    delivered: Delivered | None = None


class Contender(Protocol):
    """Somebody who does the whole job. name: as --only has it; title: as the page has it."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def measure(self, data: Data, work: Path, repeat: int) -> Done:
        """Does the job `repeat` times in an empty folder. Raises CommandError."""
        ...


@dataclass(frozen=True)
class Script:
    """A module that takes DATA and OUT; with `steps`, a process for each of these."""

    name: str
    title: str
    module: str
    steps: tuple[str, ...] = ()

    def measure(self, data: Data, work: Path, repeat: int) -> Done:
        runs = []
        out, log = work / "out", work / "script.log"
        for _ in range(repeat):
            shutil.rmtree(out, ignore_errors=True)
            command = [sys.executable, "-m", self.module, str(data.folder), str(out)]
            commands = [[*command, step] for step in self.steps] or [command]
            cost = cost_of(commands, REPOSITORY, log, environment(work))
            told = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"seconds"')]
            runs.append(Run.of(cost, sum(one["seconds"] for one in told)))
        files = [file for file in out.rglob("*.parquet") if file.is_file()]
        return Done(runs, rows_of(out), sum(file.stat().st_size for file in files))


def rows_of(folder: Path) -> dict[str, int]:
    """The rows of each table in a folder, by the Parquet files themselves: TABLE.parquet, or a folder TABLE."""
    from pyarrow import dataset

    places = {table: next(folder.glob(f"{table}*"), folder / table) for table in TABLES}
    return {table: dataset.dataset(place, format="parquet").count_rows() for table, place in places.items()}
