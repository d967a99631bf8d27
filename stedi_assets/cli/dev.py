"""`stedi dev`: the Dagster UI and the embedded services, ended together."""

import os
import signal
import subprocess
import sys
from types import FrameType

import click

from stedi_assets.cli.dagster_home import dagster_home, dagster_workspace
from stedi_assets.lakehouse.services import ensure_running, stop
from stedi_assets.settings import Settings

GRACE_SECONDS = 20


def serve(port: int) -> int:
    """Serves until Ctrl-C or SIGTERM; the exit status is dagster's, 0 when it was asked to end."""
    settings = Settings.load()
    ensure_running(settings.home)
    environment = {
        **os.environ,
        "STEDI_HOME": str(settings.home),
        "DAGSTER_HOME": str(dagster_home(settings.home)),
    }
    workspace = str(dagster_workspace(settings.home))
    command = [sys.executable, "-m", "dagster", "dev", "-w", workspace, "-h", "127.0.0.1"]
    click.echo(f"the UI comes up at http://127.0.0.1:{port}; Ctrl-C ends it and the services", err=True)
    # A session of its own: Ctrl-C reaches this process alone, which then ends dagster once, not twice.
    dagster = subprocess.Popen([*command, "-p", str(port)], env=environment, start_new_session=True)
    asked: list[int] = []

    def end(_signal: int, _frame: FrameType | None) -> None:
        asked.append(_signal)
        dagster.send_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    try:
        status = dagster.wait()
    finally:
        if dagster.poll() is None:
            dagster.kill()
        stop(settings.home)
    return 0 if asked else status
