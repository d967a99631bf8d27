"""What is done to a landed object in the run's own process, with the seconds of CPU that it takes.

Here: stand-ins for fetching, counting and parsing that do the same and keep the time. Not here: who puts them in place
(`traced`), for an engine whose workers are threads of that process.

Names of a module: an engine takes functions to its workers by their names, and so finds these in the same process.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from stedi_assets.contracts import Contract
from stedi_assets.landing import census as counting
from stedi_assets.landing import fetch as fetching
from stedi_assets.landing import parse as parsing

FETCHED, COUNTED, PARSED = "fetched", "counted", "parsed"
_seconds: dict[str, float] = defaultdict(float)
_adding = threading.Lock()


def seconds() -> dict[str, float]:
    """By what was done, so far."""
    return {what: round(took, 2) for what, took in _seconds.items()}


def fetch(bucket: str, key: str, etag: str) -> bytes:
    with _timed(FETCHED):
        return fetching.fetch(bucket, key, etag)


def census(content: bytes, max_text_bytes: int) -> counting.Census:
    with _timed(COUNTED):
        return counting.census(content, max_text_bytes)


def parse(
    content: bytes, source_object: str, contract: Contract, max_text_bytes: int, max_value_bytes: int
) -> Iterator[pa.RecordBatch]:
    batches = parsing.parse(content, source_object, contract, max_text_bytes, max_value_bytes)
    while True:
        with _timed(PARSED):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _timed(what: str) -> Iterator[None]:
    """The thread's own CPU: what waits for another thread takes none."""
    began = time.thread_time()
    try:
        yield
    finally:
        with _adding:
            _seconds[what] += time.thread_time() - began
