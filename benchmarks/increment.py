"""What a delivery of one per cent costs on top of a full build: `python -m benchmarks.increment --scale 20`.

Here: made-up data, both runs by the command line in a home of their own, the seconds of each from the run's first event
to its last (the start of the process is the rest of the wall time). Not here: what the tables hold (the tests).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stedi_assets.synthetic import generate
from stedi_assets.synthetic.marks import copied
from stedi_assets.synthetic.world import world

_COPIES_A_PER_CENT = 100  # a delivery on top of that many copies is one copy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=20)
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        generate(place / "landing", scale)
        _write_delivery(place / "delivery", scale)
        home = place / "home"
        try:
            full = _run(home, place / "full.json", "--landing", str(place / "landing"))
            for source in world():
                _stedi(home, "deliver", source, str(place / "delivery" / source))
            delivered = _run(home, place / "delivered.json")
        finally:
            _stedi(home, "down")
    share = delivered["run_seconds"] / full["run_seconds"]
    sys.stdout.write(
        json.dumps({"scale": scale, "full": full, "delivered": delivered, "share": round(share, 3)}) + "\n"
    )


def _write_delivery(folder: Path, scale: int) -> None:
    """One per cent of the zone: as many whole copies as that is, and of one more the first part."""
    for source, lines in world().items():
        (folder / source).mkdir(parents=True)
        wanted, text = len(lines) * scale // _COPIES_A_PER_CENT, b""
        for copy in range(scale, scale + scale // _COPIES_A_PER_CENT + 1):
            text += copied(b"".join(lines[:wanted]), copy)
            wanted = max(0, wanted - len(lines))
        (folder / source / "new.json").write_bytes(text)


def _run(home: Path, report: Path, *options: str) -> dict[str, Any]:
    begun = time.monotonic()
    _stedi(home, "run", "--quiet", "--expect", "none", "--json", str(report), *options)
    wall, told = time.monotonic() - begun, json.loads(report.read_text())
    return {"run_seconds": told["seconds"], "wall_seconds": round(wall, 1)}


def _stedi(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "stedi_assets.cli.main", *arguments]
    subprocess.run(command, env={**os.environ, "STEDI_HOME": str(home)}, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
