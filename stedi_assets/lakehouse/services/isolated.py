"""A server on a home's store that serves no client, for orders that must not meet an upload under way."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from stedi_assets.lakehouse.services import server as process
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.server import Server

_READY_SECONDS = 30.0
_POLL_SECONDS = 0.05
Result = TypeVar("Result")


@contextmanager
def isolated_server(home: Home) -> Iterator[Server]:
    """Start the server, and end it on leaving. Hold the home's lock. Raises ServicesError."""
    server = process.launch_isolated(home)
    try:
        yield server
    finally:
        process.end(home, server)
        # The master keeps its state by its port, which no later server has.
        shutil.rmtree(home.store / f"m{server.ports['master.port']}", ignore_errors=True)


def when_ready(home: Home, server: Server, order: Callable[[], Result]) -> Result:
    """Give an order to a server that was just started, again until it is carried out. Raises its ServicesError."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return order()
        except ServicesError:
            if time.monotonic() > deadline or not process.is_alive(home, server):
                raise
            time.sleep(_POLL_SECONDS)
