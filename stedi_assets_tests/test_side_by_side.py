"""Several things at the same time: their answers, what fails among them, and that nobody waits for one that hangs."""

import subprocess
import sys
import threading

import pytest

from stedi_assets.lakehouse.side_by_side import for_each

_LEAVES_ONE_BEHIND = """
import threading
from stedi_assets.lakehouse.side_by_side import begun
begun(threading.Event().wait, "hangs")
"""


@pytest.mark.parametrize("things", [[], [2], [3, 1, 2]])
def test_answers_come_in_the_order_of_the_things(things: list[int]) -> None:
    assert for_each(things, lambda thing: thing * 10, "test") == [thing * 10 for thing in things]


def test_things_are_done_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=60)
    assert sorted(for_each([0, 1], lambda _: both.wait(), "test")) == [0, 1]


def test_one_that_fails_is_told_while_another_hangs() -> None:
    ends = threading.Event()

    def does(thing: str) -> bool:
        if thing == "fails":
            raise KeyError(thing)
        return ends.wait()

    with pytest.raises(KeyError, match="fails"):
        for_each(["hangs", "fails"], does, "test")
    ends.set()


def test_a_process_ends_while_one_hangs() -> None:
    assert subprocess.run([sys.executable, "-c", _LEAVES_ONE_BEHIND], timeout=120, check=False).returncode == 0
