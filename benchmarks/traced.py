"""The product with its phases timed and its requests counted: a run like any other, but slower, so never timed.

Here: both halves. The command runs in a process of its own (`python -m benchmarks.traced S3 CATALOG FILE ...`), whose
store answers at a proxy here, in the process that counts. Writing, audit and publication of each table are timed where
the tests of faults ask about them; and, where the engine's workers are that process, what they do to landed objects.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil

from benchmarks.measuring import CommandError, cpu_of
from benchmarks.results import Phase, Trace
from stedi_assets.lakehouse.services import Endpoints
from stedi_assets_tests.faults.proxy import CATALOG, Fault, Proxy, Request
from stedi_assets_tests.support.commands import REPOSITORY

# What S3 has on its price list: PUT, COPY, POST and LIST cost about twelve times what GET and all others do.
DEAR, CHEAP, FREE = "PUT, COPY, POST, LIST", "GET, HEAD", "DELETE"


def trace(words: Sequence[str], environment: Mapping[str, str], services: Endpoints, work: Path) -> Trace:
    """Runs `stedi` with these words and looks on. Raises CommandError."""
    file, log = work / "phases.json", work / "traced.log"
    counts = _Counts()
    proxy, server = Proxy(services.s3_url, services.catalog_url), psutil.Process(services.pid)
    before = cpu_of(server)
    try:
        with proxy.following(counts), log.open("wb") as said:
            command = [sys.executable, "-m", "benchmarks.traced", proxy.s3_url, proxy.catalog_url, str(file), *words]
            ended = subprocess.run(
                command, cwd=REPOSITORY, env=dict(environment), stdout=said, stderr=said, check=False
            )
    finally:
        proxy.close()
    if ended.returncode != 0:
        raise CommandError(f"stedi {' '.join(words)} ended with {ended.returncode}: {log.read_text()[-600:]}")
    told = json.loads(file.read_text())
    phases = tuple(Phase(**phase) for phase in told["phases"])
    served = round(cpu_of(server) - before, 2)
    return Trace(dict(counts.of_s3), counts.of_catalog, counts.put_bytes, phases, told["reading"], told["cpu"], served)


class _Counts:
    """A plan of no faults that counts."""

    def __init__(self) -> None:
        self.of_s3: Counter[str] = Counter()
        self.of_catalog = 0
        self.put_bytes = 0

    def __call__(self, request: Request) -> Fault | None:
        if request.to == CATALOG:
            self.of_catalog += 1
        else:
            self.of_s3[_kind(request)] += 1
            self.put_bytes += len(request.body) if request.method == "PUT" else 0
        return None


def _kind(request: Request) -> str:
    asked = parse_qs(urlsplit(request.path).query, keep_blank_values=True)
    is_list = request.method == "GET" and "list-type" in asked
    if request.method == "DELETE" or (request.method == "POST" and "delete" in asked):
        return FREE
    return DEAR if is_list or request.method in ("PUT", "POST") else CHEAP


def _main(s3_url: str, catalog_url: str, file: Path, words: list[str]) -> None:
    """In the process of the command."""
    from benchmarks import reading
    from stedi_assets.audits import Audit
    from stedi_assets.building import increment, table
    from stedi_assets.cli.main import stedi
    from stedi_assets.lakehouse.store import Store
    from stedi_assets.lakehouse.tables import Tables
    from stedi_assets.settings import EMBEDDED, Settings
    from stedi_assets.transforms import landing

    phases: list[dict[str, Any]] = []

    def timed(phase: str, name_of: Callable[..., str], does: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            name, wall, cpu = name_of(*given, **named), time.monotonic(), time.process_time()
            try:
                return does(*given, **named)
            finally:
                took = {"wall": time.monotonic() - wall, "cpu": time.process_time() - cpu}
                phases.append({"phase": phase, "table": name, **{n: round(s, 3) for n, s in took.items()}})

        return done

    of_home = Store.of_home

    def by_the_proxy(services: Endpoints) -> Store:
        return of_home(replace(services, s3_url=s3_url, catalog_url=catalog_url))

    Store.of_home = by_the_proxy  # type: ignore[method-assign,assignment]
    Tables.stage = timed("write", lambda _, __, contract, *___, **____: str(contract.table), Tables.stage)  # type: ignore[method-assign]
    Tables.publish = timed("publish", lambda _, staged, *__: str(staged.contract.table), Tables.publish)  # type: ignore[method-assign]
    increment.grow = timed("changes", lambda _, contract, *__, **___: str(contract.table), increment.grow)
    table.consent_views = timed("consent", lambda contract, *_, **__: str(contract.table), table.consent_views)  # type: ignore[attr-defined]
    Audit.verdicts = timed("audit", lambda audit: str(audit.contract.table), Audit.verdicts)  # type: ignore[method-assign]
    # A worker elsewhere would not find the module.
    if Settings.load().engine == EMBEDDED:
        landing.fetch, landing.census, landing.parse = reading.fetch, reading.census, reading.parse  # type: ignore[attr-defined,assignment]
    try:
        stedi.main(args=words, standalone_mode=False)
    finally:
        told = {"phases": phases, "reading": reading.seconds(), "cpu": round(time.process_time(), 2)}
        file.write_text(json.dumps(told))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
