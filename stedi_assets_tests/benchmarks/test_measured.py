"""What the tests of load measure is what they say it is."""

import subprocess
import sys

_TELLS = "from stedi_assets_tests.faults.measured import peak_bytes; print(peak_bytes())"


def test_the_peak_of_a_process_is_not_that_of_who_started_it() -> None:
    held = b"x" * 2**28
    told = subprocess.run([sys.executable, "-c", _TELLS], capture_output=True, text=True, timeout=120, check=True)
    assert 2**20 < int(told.stdout) < len(held)
