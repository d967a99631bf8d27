"""What something takes: its time, and the most memory that these processes had at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from stedi_assets_tests.faults.table import took

MOST_BYTES = 12 * 2**30


@contextmanager
def measured(what: str, store: int) -> Iterator[None]:
    """Tells both at the end of the tests. `store`: the process of the store, beside this one and all below it.

    Raises AssertionError where they had more memory than a machine can be asked for.
    """
    done, peak, begun = threading.Event(), 0, time.monotonic()

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, _memory(store))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield
    finally:
        done.set()
        sampler.join()
        took(what, time.monotonic() - begun, peak)
    assert peak < MOST_BYTES, f"{what}: {peak:,} bytes of memory; {MOST_BYTES:,} are the most"


def _memory(store: int) -> int:
    """Resident bytes. Pages that processes share count once for each: it is never less than what is used."""
    total = 0
    for process in {psutil.Process(), *psutil.Process().children(recursive=True), psutil.Process(store)}:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
