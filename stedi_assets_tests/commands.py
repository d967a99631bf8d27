"""Running the real commands as a user does: in processes of their own, in a home of their own."""

import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE_SET = REPOSITORY.parent / "shared" / "landing-2023.tar.xz"
BIN = Path(sys.executable).parent


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a user: this one, with another home and nothing that the tests have set for themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STEDI_", "DAGSTER_"))}
    return {**kept, "STEDI_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", "COLUMNS": "200", **more}


def command(*words: str, home: Path, folder: Path = REPOSITORY, **more: str) -> subprocess.CompletedProcess[str]:
    """A command of the virtual environment, run to its end."""
    return subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        env=environment(home, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def on_a_terminal(*words: str, home: Path, **more: str) -> str:
    """What the same command shows, output and errors together, where both are a terminal."""
    screen, terminal = pty.openpty()
    shown = bytearray()
    with subprocess.Popen(
        [str(BIN / words[0]), *words[1:]],
        env=environment(home, TERM="xterm", **more),
        cwd=REPOSITORY,
        stdout=terminal,
        stderr=terminal,
    ):
        os.close(terminal)
        # At the end of the last process that has it, a terminal gives an error instead of an end.
        with suppress(OSError):
            while part := os.read(screen, 65536):
                shown += part
    os.close(screen)
    return shown.decode()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, attempt: Callable[[], Any], seconds: float = 120) -> Any:
    """The first answer of `attempt` that is not None or False. Raises AssertionError that says what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = attempt()
        if answer not in (None, False):
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds:g} s")
