"""A disk that is filled while the store takes objects, and freed: the next objects are taken, and none is lost.

The disk is a file system in memory, in a mount namespace of its own (Linux).
"""

from pathlib import Path

import pytest

from stedi_assets_tests.faults.full_disk import fill_disk
from stedi_assets_tests.faults.table import record


def check(times: int, folder: Path) -> None:
    found = fill_disk(times, folder)
    record("29: the disk filled and freed", times, found["lost"] + found["lost_after_restart"], found["not_healed"])
    assert found["acknowledged"] > times
    assert found["refused"] >= times
    assert (found["not_healed"], found["lost"], found["lost_after_restart"]) == (0, 0, 0)


def test_a_disk_that_was_full_once(tmp_path: Path) -> None:
    check(1, tmp_path / "disk")


@pytest.mark.faults(minutes=3)
def test_a_disk_that_was_full_twenty_times(tmp_path: Path) -> None:
    check(20, tmp_path / "disk")
