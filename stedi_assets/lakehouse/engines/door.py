"""The door of the embedded engine: its port, closed to everybody else once this process is in.

Here: closing a port on which this process listens, and finding who came in before. Not here: starting the engine
(`embedded`), the client's side (`connect`).

The engine takes no credentials, and no setting of it closes its port. So the socket that listens is taken from under
it: its number is given to another one that listens where nobody finds it. The kernel then refuses whoever comes, while
the connection that was accepted has a number of its own and goes on.

The other one has to listen. The engine may be about to ask for the next guest, or be woken for one that left, and of a
socket that does not listen it asks again and again, for ever.
"""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from stedi_assets.lakehouse.engines.errors import EngineError

Address = tuple[str, int]


def shut(address: Address) -> None:
    """Nobody connects any more. Raises EngineError if this process does not listen there."""
    listening = [number for number, local, peer in _sockets() if local == address and peer is None]
    if not listening:
        raise EngineError(
            f"expected the embedded engine to listen on port {address[1]} of this process, found no socket that does; "
            "run again, or use another engine (STEDI_ENGINE=spark)"
        )
    for number in listening:
        with socket.socket(socket.AF_UNIX) as nowhere, tempfile.TemporaryDirectory() as own:
            nowhere.bind(f"{own}/door")  # which goes with the folder, that is nobody else's
            nowhere.listen(0)
            nowhere.setblocking(False)
            os.dup2(nowhere.fileno(), number, inheritable=False)


def refuse_strangers(address: Address) -> None:
    """Raises EngineError if anybody else is connected, and turns him out: an engine that ends waits for its guests."""
    connected = [(number, local, peer) for number, local, peer in _sockets() if peer is not None]
    own = {local for _, local, peer in connected if peer == address}
    strange = [number for number, local, peer in connected if local == address and peer not in own]
    for number in strange:
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as copy:
            copy.shutdown(socket.SHUT_RDWR)
    if strange:
        raise EngineError(
            "another program of this machine connected to the embedded engine as it started; the engine was ended "
            "before it read anything: run again, find who does that, or take STEDI_ENGINE=spark, which wants a token"
        )


def _sockets() -> Iterator[tuple[int, Address, Address | None]]:
    """This process's TCP sockets: number, own address, and the other end's if there is one."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - the numbers alone; Linux and macOS both have it
        number = int(name)
        with suppress(OSError):  # closed meanwhile
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as copy:
                if copy.family not in (socket.AF_INET, socket.AF_INET6) or copy.type != socket.SOCK_STREAM:
                    continue
                local, peer = _address(copy.getsockname()), None
                with suppress(OSError):  # of one that listens
                    peer = _address(copy.getpeername())
            yield number, local, peer


def _address(name: tuple[Any, ...]) -> Address:
    """gRPC's own socket speaks IPv6, in which the same host has another name."""
    return str(name[0]).removeprefix("::ffff:"), int(name[1])
