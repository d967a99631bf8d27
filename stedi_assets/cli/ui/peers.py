"""Whose a connection to a port of this machine is: the user of the process at its other end.

Only that. Linux tells it to everybody (/proc/net/tcp); elsewhere nothing is known.
"""

import os
import socket
import sys
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_ESTABLISHED = "01"
Address = tuple[str, int]


def owner_of(client: Address, server: Address) -> int | None:
    """The user's number; None where there is no such connection, or its other end has left it.

    Of a connection that was left the table says that it is root's.
    """
    wanted = [_written(client), _written(server), _ESTABLISHED]
    for line in _TABLE.read_text().splitlines()[1:]:
        row = line.split()
        if row[1:4] == wanted:
            return int(row[7])
    return None


def are_known() -> bool:
    """Whether this machine tells: tried on a connection of this process to itself."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
            return owner_of(client.getsockname(), server.getsockname()) == os.geteuid()
    except OSError:
        return False


def _written(address: Address) -> str:
    """As the table has it: the four bytes as a number of this machine, in hexadecimal."""
    number = int.from_bytes(socket.inet_aton(address[0]), sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
