"""Test sessions: an interrupted one leaves no process behind; a missing program is one error before the first test."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stedi_assets_tests.support.commands import REPOSITORY, hear_ctrl_c, wait_for
from stedi_assets_tests.support.process_reaper import left_behind

# A test that starts the services of a home, and a process that ignores the signals that ask it to end.
_TEST = """
import subprocess, sys
from pathlib import Path
from stedi_assets.lakehouse.services import ensure_running

def test_that_is_interrupted(tmp_path):
    ensure_running(tmp_path / "home")
    deaf = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print(flush=True); signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.readline()
    Path("TOLD").write_text(__import__("os").environ["PYTEST_SESSION_TOKEN"])
    process.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_an_interrupted_session_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "test_interrupted.py").write_text(_TEST.replace("TOLD", str(tmp_path / "token")))
    words = ["-p", "stedi_assets_tests.support.process_reaper", "--numprocesses", "1", "--rootdir", str(tmp_path)]
    session = subprocess.Popen(
        [sys.executable, "-m", "pytest", *words, "--basetemp", str(tmp_path / "base"), str(tmp_path)],
        env={**_environment(), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - nothing but a system call
    )
    token = wait_for("the test that is interrupted", lambda: _read(tmp_path / "token", session))
    names = {process.name() for process in left_behind(token, tmp_path / "base")}
    assert "weed" in names, "the services run"
    # A terminal sends Ctrl-C to all processes of its group.
    (os.killpg if number == signal.SIGINT else os.kill)(session.pid, number)
    session.wait(timeout=60)
    wait_for("the end of all that it started", lambda: not left_behind(token, tmp_path / "base"), seconds=60)


def _environment() -> dict[str, str]:
    """Return the environment without what is for this session: its token, its worker, its options."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def _read(file: Path, session: "subprocess.Popen[bytes]") -> str | None:
    assert session.poll() is None, "the session ended before its test began"
    return file.read_text() if file.exists() else None


def test_a_missing_program_is_one_error_before_the_first_test() -> None:
    words = ["--numprocesses", "1", "-m", "needs_java", "stedi_assets_tests/engines/test_engine_lost.py"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env={**_environment(), "JAVA_HOME": "/nowhere"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert ended.stdout.count("found none at /nowhere/bin/java: install one") == 1
    assert "no tests ran" in ended.stdout
