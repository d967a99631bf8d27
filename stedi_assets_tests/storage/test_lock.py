"""One run at a time in a home, also across processes, and no lock left behind by the dead."""

import subprocess
import sys
from pathlib import Path

import pytest

from stedi_assets.lakehouse.lock import HomeBusyError, home_lock
from stedi_assets.settings import Settings

HOLD = """
import sys
from pathlib import Path
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.settings import Settings
with home_lock(Settings(home=Path(sys.argv[1])), print):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(home: Path) -> "subprocess.Popen[str]":
    """Another process that holds the home's lock until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_waits_and_says_so_then_gives_up(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(tmp_path) as process:
        with (
            pytest.raises(HomeBusyError, match="allow more time with STEDI_LOCK_TIMEOUT_SECONDS"),
            home_lock(Settings(home=tmp_path, lock_timeout_seconds=0.2), said.append),
        ):
            pass
        process.communicate("")
    assert said == [f"another run works in {tmp_path}; waiting up to 0.2 s for it"]


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
        with home_lock(Settings(home=tmp_path, lock_timeout_seconds=5), print):
            pass


def test_a_process_that_holds_the_lock_may_take_it_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, lock_timeout_seconds=0)
    with home_lock(settings, print), home_lock(settings, print):
        pass
    with holder(tmp_path) as process:
        process.communicate("")


def test_two_homes_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with (
        home_lock(Settings(home=tmp_path / "a", lock_timeout_seconds=0), print),
        home_lock(Settings(home=tmp_path / "b", lock_timeout_seconds=0), print),
    ):
        pass
