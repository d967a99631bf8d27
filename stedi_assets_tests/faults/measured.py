"""One run in a process of its own, whose peak of memory can be told.

Here: the run (of the landing tables alone) and what is told of it. Not here: what lies in the zone.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """How it ended. said: of the failed step. peak_bytes: of the process, the embedded engine within it."""

    success: bool
    said: str
    peak_bytes: int
    seconds: float


def measured(zone: str, **settings: str) -> Measured:
    """A run on that zone, to its end."""
    ended = subprocess.run(
        [sys.executable, "-m", "stedi_assets_tests.faults.measured", zone],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=1_500,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return Measured(**json.loads(ended.stdout.splitlines()[-1]))


def peak_bytes() -> int:
    """The most memory that this process had. On Linux `getrusage` begins with what its starter had at the time."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _run(uri: str) -> None:
    from stedi_assets.contracts import CONTRACTS
    from stedi_assets.landing.zone import Zone
    from stedi_assets_tests.support.lake import Lake, failure

    lake = Lake()
    lake.zone = Zone(uri, lake.s3)
    begin = time.monotonic()
    result = lake.run(select=[contract for contract in CONTRACTS if contract.zone == "landing"])
    seconds = time.monotonic() - begin
    found = Measured(result.success, "" if result.success else failure(result), peak_bytes(), seconds)
    print(json.dumps(found._asdict()))  # noqa: T201 - the answer to who started this


if __name__ == "__main__":
    _run(sys.argv[1])
