"""Load: what a delivery of many objects takes. Time and memory are printed."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import TAKEN, Lake, motion

pytestmark = pytest.mark.faults

OBJECTS = 10_000


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Prints the time, and the peak of the process tree's memory."""
    done, peak, begun = threading.Event(), 0, time.monotonic()

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, _memory())

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield
    finally:
        done.set()
        sampler.join()
        print(f"{what}: {time.monotonic() - begun:.1f} s, peak {peak / 2**20:,.0f} MiB")  # noqa: T201 - it is asked for


def _memory() -> int:
    total = 0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def test_ten_thousand_objects_in_one_delivery(lake: Lake, landed: Path) -> None:
    with ThreadPoolExecutor(8) as pool, measured(f"{OBJECTS:,} objects put"):
        list(
            pool.map(
                lambda n: lake.put(f"accelerometer/d/{n}.json", json.dumps(motion("a@x", TAKEN + n))), range(OBJECTS)
            )
        )
    with measured(f"{OBJECTS:,} objects, a run"):
        result = lake.run()
    assert result.success
    arrived = [row for row in lake.rows(ACCELEROMETER_LANDING, "source_object") if "/d/" in str(row)]
    record("load: 10,000 objects", 1, lost=OBJECTS - len(arrived))
    assert len(arrived) == OBJECTS
