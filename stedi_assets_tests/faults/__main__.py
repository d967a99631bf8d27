"""`make test-faults`: the long tests of faults and load in two processes side by side, and their tables at the end.

Here: who does which. Not here: the tests, what they count (`table`). One after the other they take more than an hour.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stedi_assets_tests.faults.table import KEPT_IN, keep, told

# About as long as each other: two of the three sweeps over all steps of a run, and everything else.
PARTS = ("every_step and not incremental", "not every_step or incremental")


def main() -> int:
    """The first exit status that is not 0, or 0."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kept = [Path(folder, f"{number}.json") for number in range(len(PARTS))]
        tests = [
            subprocess.Popen(
                [sys.executable, "-m", "pytest", "-m", "faults", "-k", part, *sys.argv[1:]],
                env={**os.environ, KEPT_IN: str(file)},
            )
            for part, file in zip(PARTS, kept, strict=True)
        ]
        ended = [test.wait() for test in tests]
        for file in kept:
            keep(file)
    sys.stdout.write("\n".join([*told(), "", f"{time.monotonic() - begun:,.0f} s", ""]))
    return next((status for status in ended if status), 0)


if __name__ == "__main__":
    sys.exit(main())
