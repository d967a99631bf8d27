"""`stedi dev`: the Dagster UI and the embedded services, ended together."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from types import FrameType

import click

from stedi_assets.cli.dagster_home import dagster_home, dagster_workspace
from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.ui.dagster_with_front import MODULE
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.lock import HomeBusyError, home_lock
from stedi_assets.lakehouse.services import stop
from stedi_assets.settings import Settings

GRACE_SECONDS = 20


def serve(port: int, is_read_only: bool = False, behind: str | None = None) -> int:
    """Serves until Ctrl-C or SIGTERM; the exit status is dagster's, 0 when it was asked to end.

    `is_read_only`: nothing can be started, changed or deleted in the UI; what is scheduled goes on. `behind`: as
    STEDI_BEHIND, before which it goes.
    """
    os.environ.update({"STEDI_BEHIND": behind} if behind else {})
    settings = Settings.load()
    _refuse_taken(port)
    _refuse_unknown_user(settings)
    connect(settings)
    environment = {
        **os.environ,
        "STEDI_HOME": str(settings.home),
        "DAGSTER_HOME": str(dagster_home(settings.home)),
        **({"DAGSTER_WEBSERVER_READ_ONLY": "true"} if is_read_only else {}),
    }
    workspace = str(dagster_workspace(settings.home))
    command = [sys.executable, "-m", MODULE, "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)]
    click.echo(f"the UI comes up at http://127.0.0.1:{port}; Ctrl-C ends it and the services", err=True)
    asked: list[float] = []

    def ask_to_end(_signal: int, _frame: FrameType | None) -> None:
        asked.append(time.monotonic())

    # Before dagster starts: a process that ignores SIGINT, as one in a shell's background does, hands that on.
    signal.signal(signal.SIGINT, ask_to_end)
    signal.signal(signal.SIGTERM, ask_to_end)
    # A session of its own: Ctrl-C reaches this process alone, which then ends dagster once, not twice.
    # Dagster's processes speak to each other by sockets in the file system, which the umask closes to other users.
    dagster = subprocess.Popen(command, env=environment, start_new_session=True, umask=0o077)
    try:
        status = _wait(dagster, asked)
    finally:
        if dagster.poll() is None:
            os.killpg(dagster.pid, signal.SIGKILL)
        _stop_services(settings)
    return 0 if asked else status


def _refuse_taken(port: int) -> None:
    """Raises UsageError if the port is in use: dagster would say so in a traceback, after half a minute."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used ({(error.strerror or '').lower()}); name another: --port"
            ) from None


def _refuse_unknown_user(settings: Settings) -> None:
    """Raises UsageError for a proxy whose user this machine does not know."""
    user = settings.behind.partition("@")[0]
    try:
        pwd.getpwnam(user or "root")
    except KeyError:
        raise UsageError(f"--behind: this machine has no user {user!r}; name the one as whom the proxy runs") from None


def _stop_services(settings: Settings) -> None:
    """Stops the services, unless a run of another command still works with them."""
    try:
        with home_lock(replace(settings, lock_timeout_seconds=1), lambda _text: None):
            stop(settings.home)
    except HomeBusyError:
        click.echo("a run still works in this home: its services stay up; end them later: stedi down", err=True)


def _wait(dagster: "subprocess.Popen[bytes]", asked: list[float]) -> int:
    """Waits for dagster's end; once asked to end, passes that on and gives it the grace period."""
    told = False
    while not asked or time.monotonic() < asked[0] + GRACE_SECONDS:
        if asked and not told:
            dagster.send_signal(signal.SIGINT)
            told = True
        try:
            return dagster.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
    return 1
