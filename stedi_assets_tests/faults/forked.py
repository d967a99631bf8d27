"""Runs in processes of their own that cost little to start: forked from one that has imported all there is to import.

Run as `python -m stedi_assets_tests.faults.forked`, it does each order that it reads in a fork, before which neither
the engine nor any client has begun anything, and tells how that one ended. The product is as it is, but for where
its store answers, and that the proxy is told of the begin and the end of each write, audit and publication.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from stedi_assets_tests.faults.proxy import MARK


@dataclass(frozen=True)
class Order:
    """One run: of which zone, by which ports."""

    zone: str
    s3_url: str
    catalog_url: str
    full: bool = False


@dataclass(frozen=True)
class Ended:
    """How a run ended. status: of the process, negative for a signal; said: what the failed step says."""

    status: int
    success: bool = False
    said: str = ""


class Forked:
    """The process to fork from. It stays until it is closed."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stedi_assets_tests.faults.forked"],
            env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def run(self, order: Order) -> Ended:
        """Carries out one order to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the process to fork from ended: {Path(self._log.name).read_text()[-3000:]}"
        return Ended(**json.loads(answer))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._log.close()


_IMPORTED = (
    "boto3",
    "pandas",
    "pyiceberg.catalog.rest",
    "pyiceberg.io.pyarrow",
    "pysail.spark",
    "stedi_assets.building.landing",
    "stedi_assets.lakehouse.engines.embedded",
    "stedi_assets_tests.support.lake",
)


def _serve() -> None:
    forked = import_module("stedi_assets_tests.faults.forked")  # what is patched is the module that others import
    orders, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a run prints goes to the log
    forked.warm_up()
    for line in orders:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            forked.carry_out(Order(**json.loads(line)), writing)
        os.close(writing)
        with os.fdopen(reading, "r") as told:
            found = told.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(json.dumps({"status": status, **(json.loads(found) if found else {})}) + "\n")
        answers.flush()


def warm_up() -> None:
    """Imports what a run imports, and nothing else: threads do not come along into a fork."""
    for name in _IMPORTED:
        import_module(name)


def carry_out(order: Order, answer: int) -> None:
    """The run itself, in the fork; never returns."""
    status = 1
    try:
        _point_at(order)
        from stedi_assets.landing.zone import Zone
        from stedi_assets_tests.support.lake import Lake, failure

        lake = Lake()
        lake.zone = Zone(order.zone, lake.s3)
        result = lake.run(full=order.full)
        told = {"success": result.success, "said": "" if result.success else failure(result)}
        os.write(answer, json.dumps(told).encode())
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _point_at(order: Order) -> None:
    from stedi_assets.audits import Audit
    from stedi_assets.building import part
    from stedi_assets.lakehouse.store import Store
    from stedi_assets.lakehouse.tables import Tables

    def tell(*words: str) -> None:
        from urllib.request import urlopen

        urlopen(f"{order.catalog_url}{MARK}{'/'.join(words)}").close()

    def telling(phase: str, table: Callable[..., str], does: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            name = table(*given, **named)
            tell(phase, name, "begin")
            result = does(*given, **named)
            tell(phase, name, "end")
            return result

        return done

    of_home = Store.of_home

    def by_the_proxy(services: Any) -> Store:
        return of_home(replace(services, s3_url=order.s3_url, catalog_url=order.catalog_url))

    Store.of_home = by_the_proxy  # type: ignore[method-assign,assignment]
    Tables.stage = telling("write", lambda _, __, contract, *___, **____: str(contract.table), Tables.stage)  # type: ignore[method-assign]
    Tables.publish = telling("publication", lambda _, staged, *__: str(staged.contract.table), Tables.publish)  # type: ignore[method-assign]
    Audit.verdicts = telling("audit", lambda audit: str(audit.contract.table), Audit.verdicts)  # type: ignore[method-assign]
    part.WORTH_ROWS = 0  # these tables are small, and the way by parts has the more steps
    tell("start", str(os.getpid()), "begin")


if __name__ == "__main__":
    _serve()
