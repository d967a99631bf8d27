"""Which ports a home's server listens on.

Only their choice. weed gets a flag for every port that it opens: without one it derives gRPC ports by itself,
and moves on where one is taken.
"""

import os
import stat
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from stedi_assets.lakehouse.services.endpoints import ServicesError

Ports = dict[str, int]

_NEIGHBOURS = (
    "admin.port",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "s3.port.iceberg",
)
_ADMIN_GRPC = "admin.port.grpc"
# weed's maintenance worker looks for the admin server there, whatever the flag says.
_ADMIN_GRPC_OFFSET = 10_000
PORT_FLAGS = (*_NEIGHBOURS, _ADMIN_GRPC)
# All below the ports that Linux and macOS give to outgoing connections, which would take them between starts.
_FIRST_PORTS = range(10_240, 22_000)
# As many as it takes: another user can take most ports, by a file where weed opens a socket.
_ATTEMPTS = 10_000
_CLOSING_SECONDS = 0.5
# weed (4.48) also opens a socket by this name for every gRPC port, in a folder that all users share. No flag moves it.
# A file there that weed cannot remove makes its parts wait for each other in vain.
_SOCKET = "/tmp/seaweedfs-{part}-grpc-{port}.sock"
_PARTS = ("master", "volume", "filer", "s3", "admin")


def ports_of(record: dict[str, Any]) -> Ports:
    """The ports of the home's last server; none if the record is not whole."""
    ports = record.get("ports")
    if not isinstance(ports, dict) or not all(isinstance(ports.get(flag), int) for flag in PORT_FLAGS):
        return {}
    return {flag: ports[flag] for flag in PORT_FLAGS}


def choose_ports(before: Ports) -> Ports:
    """The ports of before if they are all free, so that readers keep their endpoint; otherwise others.

    Free now is not free when weed gets there: who starts it has to be ready to choose again. Raises
    ServicesError.
    """
    import secrets

    if before and become_free(before.values()):
        return before
    for _ in range(_ATTEMPTS):
        first = secrets.choice(_FIRST_PORTS)
        ports = {flag: first + i for i, flag in enumerate(_NEIGHBOURS)}
        ports[_ADMIN_GRPC] = first + _ADMIN_GRPC_OFFSET
        if all(map(_is_free, ports.values())):
            return ports
    raise ServicesError(
        f"expected {len(PORT_FLAGS)} free ports from {_FIRST_PORTS.start} on, found none in {_ATTEMPTS} "
        "attempts; end some of what listens there"
    )


def become_free(ports: Collection[int]) -> bool:
    """Whether they all are, or soon: a process counts as gone a moment before its sockets are closed."""
    deadline = time.monotonic() + _CLOSING_SECONDS
    while not all(map(_is_free, ports)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def remove_dead_sockets(ports: Collection[int]) -> None:
    """Removes what a killed server left in /tmp; a port may be another home's by now, and its socket live.

    What is no socket, or another user's, is left alone.
    """
    for path in (path for port in ports for path in _socket_paths(port)):
        with suppress(OSError):
            found = path.lstat()
            if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid() and _is_dead(path):
                path.unlink()


def _is_free(port: int) -> bool:
    """Whether weed could listen on it, and no socket's path in /tmp is taken, by whatever it is."""
    import socket

    with socket.socket() as probe:
        # As weed does: without it, connections of a server that was just killed make its ports look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except (OSError, OverflowError):
            return False
    return not any(map(os.path.lexists, _socket_paths(port)))


def _is_dead(path: Path) -> bool:
    """Whether no process listens on a socket any more."""
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False


def _socket_paths(port: int) -> list[Path]:
    return [Path(_SOCKET.format(part=part, port=port)) for part in _PARTS]
