"""The product itself: `stedi run --full` in a home whose services are up, the second time.

Here: preparing the home, measuring, reading what the run tells of itself. Requests are counted, and phases told apart,
in one more run of each kind, which is not timed.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import TABLES, Done
from benchmarks.data import Data
from benchmarks.increment import write_delivery
from benchmarks.measuring import CommandError, cost_of
from benchmarks.results import Delivered, Run
from benchmarks.traced import trace
from stedi_assets.lakehouse import services
from stedi_assets.lakehouse.services import Endpoints
from stedi_assets_tests.support.commands import REPOSITORY, environment

STEDI = [sys.executable, "-m", "stedi_assets.cli.main"]


@dataclass(frozen=True)
class Product:
    """The product with one of its engines."""

    name: str
    title: str
    engine: str

    def measure(self, data: Data, work: Path, repeat: int) -> Done:
        home, log, report = work / "home", work / "stedi.log", work / "report.json"
        environ = {**environment(home), "STEDI_ENGINE": self.engine}
        words = ["run", "--full", "--quiet"]
        try:
            _prepare([*STEDI, "run", "--landing", str(data.folder)], environ, log)
            endpoints = services.find(home)
            if endpoints is None:
                raise CommandError(f"the store of {self.name} ended by itself; measure again")
            runs, steps = [], []
            for _ in range(repeat):
                cost = cost_of([[*STEDI, *words, "--json", str(report)]], REPOSITORY, log, environ, endpoints.pid)
                told = json.loads(report.read_text())
                runs.append(Run.of(cost, told["seconds"]))
                steps.append(_steps(home, told["run_id"]))
            rows = {table: told["tables"][table]["rows"] for table in TABLES}
            looked_into = trace(words, environ, endpoints, work)
            delivered = _delivered(data, work, home, environ, endpoints)
        finally:
            services.stop(home)
        typical = sorted(range(repeat), key=lambda place: runs[place].wall)[(repeat - 1) // 2]
        return Done(runs, rows, looked_into.put_bytes, looked_into, steps[typical], delivered)


def _delivered(data: Data, work: Path, home: Path, environ: dict[str, str], endpoints: Endpoints) -> Delivered:
    """A run that finds one per cent more than the one before it, and one more such run, to look into it."""
    log, report, words = work / "delivered.log", work / "delivered.json", ["run", "--quiet"]

    def deliver(number: int) -> None:
        for source, file in write_delivery(work / f"delivery-{number}", data.scale, number).items():
            _prepare([*STEDI, "deliver", source, str(file)], environ, log)

    deliver(0)
    cost = cost_of([[*STEDI, *words, "--json", str(report)]], REPOSITORY, log, environ, endpoints.pid)
    told = json.loads(report.read_text())
    deliver(1)
    return Delivered(
        Run.of(cost, told["seconds"]), _steps(home, told["run_id"]), trace(words, environ, endpoints, work)
    )


def _prepare(command: list[str], environ: dict[str, str], log: Path) -> None:
    """Brings the data and the services up. Not watched: the server that it starts stays."""
    with log.open("wb") as said:
        ended = subprocess.run(command, cwd=REPOSITORY, env=environ, stdout=said, stderr=said, check=False)
    if ended.returncode != 0:
        raise CommandError(f"stedi run ended with {ended.returncode}: {log.read_text()[-600:]}")


def _steps(home: Path, run_id: str) -> dict[str, float]:
    """Seconds by step, as Dagster has recorded them."""
    from stedi_assets.cli.dagster_home import dagster_instance

    with dagster_instance(home) as instance:
        steps = instance.get_run_step_stats(run_id)
        return {
            step.step_key.split("__")[-1]: round(step.end_time - step.start_time, 3)
            for step in sorted(steps, key=lambda step: step.start_time or 0)
            if step.start_time is not None and step.end_time is not None
        }
