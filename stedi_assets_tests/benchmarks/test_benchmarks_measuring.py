"""What a command costs: every process of its tree is accounted, and one that fails is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import measuring
from benchmarks.measuring import CommandError, cost_of

pytestmark = pytest.mark.slow  # it measures the product, and tests nothing of it
# Its child burns and tells what it used, after its parent is gone.
ORPHAN = """
import os, pathlib, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while time.process_time() < 0.5:
            sum(range(10_000))
        pathlib.Path(sys.argv[1]).write_text(str(time.process_time()))
        os._exit(0)
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are taken in by a call of Linux")
def test_the_cpu_of_an_orphan_is_accounted(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", ORPHAN, str(told)]
    cost = cost_of([command], tmp_path, tmp_path / "log", os.environ)
    assert cost.cpu_seconds >= float(told.read_text())
    assert cost.peak_bytes > 0


def test_a_child_of_before_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_ORPHANS_END_WITHIN_SECONDS", 0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as own:
        cost_of([[sys.executable, "-c", "pass"]], tmp_path, tmp_path / "log", os.environ)
        assert own.poll() is None
        own.communicate(b"\n")
    assert own.returncode == 0


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('out of luck'); sys.exit(3)"]
    with pytest.raises(CommandError, match=r"ended with 3: out of luck"):
        cost_of([command], tmp_path, tmp_path / "log", os.environ)
