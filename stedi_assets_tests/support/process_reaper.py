"""End whatever a test session has started, however the session ends: normally, by Ctrl-C, SIGTERM or SIGKILL.

Contains a pytest plugin and the process that it starts. That process waits for the end of the session (the end of its
standard input), and then kills the processes that carry the session's token in their environment or work in the
session's temporary folder: the services of a home have an environment of their own, and a folder of their own.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

TOKEN = "PYTEST_SESSION_TOKEN"
_PAUSE_SECONDS, _MOST_SECONDS = 0.1, 30


class ProcessReaper:
    """The session's side: holds the pipe whose end the reaping process waits for."""

    def __init__(self, folder: Path) -> None:
        token = uuid.uuid4().hex
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, token, str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the session
        )
        os.environ[TOKEN] = token

    def pytest_unconfigure(self) -> None:
        """Return when nothing that the session started is left."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@pytest.hookimpl(trylast=True)  # after the plugin that makes the temporary folder
def pytest_configure(config: pytest.Config) -> None:
    """Start the reaper of the session, which is not one of its workers."""
    if not hasattr(config, "workerinput"):
        factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]  # pytest has no other name for it
        config.pluginmanager.register(ProcessReaper(factory.getbasetemp()))


def left_behind(token: str, folder: Path) -> list[psutil.Process]:
    """Return the running processes of a session."""
    return [process for process in psutil.process_iter() if _is_of(process, token, folder)]


def _is_of(process: psutil.Process, token: str, folder: Path) -> bool:
    if process.pid == os.getpid():
        return False
    with suppress(psutil.Error, OSError):  # of another user, or already gone
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.environ().get(TOKEN) == token or Path(process.cwd()).is_relative_to(folder)
    return False


def _reap(token: str, folder: Path) -> None:
    """Kill until nothing is found: a process may start another one before it dies."""
    deadline = time.monotonic() + _MOST_SECONDS
    while (found := left_behind(token, folder)) and time.monotonic() < deadline:
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=_PAUSE_SECONDS)


if __name__ == "__main__":
    for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(_number, signal.SIG_IGN)
    sys.stdin.read()
    _reap(sys.argv[1], Path(sys.argv[2]))
