"""Another program of this machine at a port that speaks gRPC: whether it is let in.

Run as a program, `stranger.py PORT` says `served` or `refused`, and stays until its input ends.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

import pytest

HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_SETTINGS = 4


@contextmanager
def stranger(port: int) -> Iterator[str]:
    """What it says, as long as it stays."""
    visitor = subprocess.Popen(
        [sys.executable, __file__, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    said: IO[str] | None = visitor.stdout
    assert said is not None
    try:
        yield said.readline().strip()
    finally:
        visitor.communicate()
        assert visitor.returncode == 0


@contextmanager
def visited_before_it_closes(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new embedded engine that somebody reaches while its port is still open."""
    from stedi_assets.lakehouse.engines import embedded
    from stedi_assets.lakehouse.engines.connect import open_channel

    whole = open_channel
    with ExitStack() as visits:

        def visited(url: str) -> Any:
            channel = whole(url)
            assert visits.enter_context(stranger(int(url.rpartition(":")[2]))) == "served"
            return channel

        patch.setattr(embedded, "open_channel", visited)
        patch.setattr(embedded, "_started", {})
        yield


def _visit(port: int) -> tuple[str, socket.socket | None]:
    """What came of it, and the connection, which ends when nobody has it any more."""
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.sendall(HELLO)
        answer = connection.recv(9)
    except ConnectionError:
        return "refused", None
    return "served" if answer[3:4] == bytes([_SETTINGS]) else "refused", connection


if __name__ == "__main__":
    outcome, connected = _visit(int(sys.argv[1]))
    print(outcome, flush=True)  # noqa: T201 - it is a program
    sys.stdin.read()
