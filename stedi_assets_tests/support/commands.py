"""Running the real commands as a user does: in processes of their own, in a home of their own."""

import atexit
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from stedi_assets_tests.support.command_server import CommandServer

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE_SET = REPOSITORY.parent / "shared" / "landing-2023.tar.xz"
BIN = Path(sys.executable).parent
_SECONDS = 300
_READ_AT_START = ("PYTHON", "LANG", "LC_", "TMPDIR")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a user: this one, with another home and nothing that tests, or PySpark in them, have set. A
    user's Python keeps its bytecode."""
    own = ("AWS_", "STEDI_", "DAGSTER_", "SPARK_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "STEDI_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", "COLUMNS": "200", **more}


def command(
    *words: str, home: Path, folder: Path = REPOSITORY, text: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the virtual environment to its end, in a process of its own.

    Args:
        words: The console script and its arguments.
        home: STEDI_HOME.
        folder: The current folder.
        text: The standard input.
        more: Variables of the environment. One that Python reads at its start makes for a new interpreter; without
            any, a process is forked that has imported the product, which takes 2 s less.
    """
    if not any(name.startswith(_READ_AT_START) for name in more):
        return _command_server().run(words, environment(home, **more), folder, text, _SECONDS)
    return subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        env=environment(home, **more),
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


@cache
def _command_server() -> CommandServer:
    server = CommandServer(environment(Path("unused")))
    atexit.register(server.close)
    return server


def serve(*words: str, home: Path, log: Path, **more: str) -> "subprocess.Popen[bytes]":
    """A command that runs until Ctrl-C, begun; what it says goes to the log."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [str(BIN / words[0]), *words[1:]],
            cwd=REPOSITORY,
            env=environment(home, **more),
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - nothing but a system call
        )


def hear_ctrl_c() -> None:
    """As from a terminal: what a shell's background job starts is deaf to it, and dagster stays so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Ends it as Ctrl-C does: its exit status. What it has started and not ended is killed, but for the services."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"did not end: {log.read_text()[-3000:]}") from None
    finally:
        # A process of `dagster dev` that outlives it by a moment may start the services anew when the test has gone.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def stedi_dev(home: Path, log: Path, *options: str) -> Iterator[str]:
    """`stedi dev` in that home: the address of its UI, which answers."""
    port = free_port()
    process = serve("stedi", "dev", "--port", str(port), *options, home=home, log=log)

    def answers() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"stedi dev ended by itself: {log.read_text()[-3000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for("the UI of stedi dev", answers, seconds=180)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process, log)


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
