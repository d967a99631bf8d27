"""Run console scripts in forks of one process that has imported them: starting a command costs no imports.

Contains the server process and its client. For the commands that tests run, see `commands`. A fork is a process of its
own with its own arguments, environment, folder, streams and exit status; it differs from a new interpreter only in what
is imported. What depends on that (locale, PYTHON* variables, lazy imports) needs a new interpreter.
"""

import gc
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, Any

_LENGTH = struct.Struct("!I")
# Importing these starts no thread, which a fork would not have.
_PRELOADED = (
    "boto3",
    "dagster._cli",
    "pandas",
    "pyiceberg.catalog.rest",
    "pyiceberg.io.pyarrow",
    "pysail.spark",
    "stedi_assets.cli.main",
    "stedi_assets.definitions",
    "stedi_assets.cli.report",
    "stedi_assets.cli.run",
    "stedi_assets.building.landing",
    "stedi_assets.lakehouse.engines.embedded",
    "stedi_assets.lakehouse.rest_catalog",
)


class CommandServer:
    """Client of a server process, which ends when it is closed or when this process ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._control, served = socket.socketpair()
        self._sending = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(served.fileno())],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            pass_fds=[served.fileno()],
            start_new_session=True,
        )
        served.close()

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path, text: str, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a console script to its end, with `text` as its standard input.

        Raises:
            subprocess.TimeoutExpired: The command was still running after that many seconds; it was killed.
        """
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            given.write(text.encode())
            given.seek(0)
            request = {"words": list(words), "environment": dict(environment), "folder": str(folder)}
            status = self._execute(request, (given, output, errors), seconds)
            return subprocess.CompletedProcess(list(words), status, _content(output), _content(errors))

    def _execute(self, request: dict[str, Any], streams: Sequence[IO[bytes]], seconds: float) -> int:
        """Return the exit status of the fork, negative for a signal."""
        waiting, answering = socket.socketpair()
        payload = json.dumps(request).encode()
        with waiting:
            with answering:
                numbers = [*(stream.fileno() for stream in streams), answering.fileno()]
                with self._sending:
                    socket.send_fds(self._control, [_LENGTH.pack(len(payload))], numbers)
                    self._control.sendall(payload)
            (pid,) = _LENGTH.unpack(_receive(waiting, _LENGTH.size))
            waiting.settimeout(seconds)
            try:
                return int(_receive(waiting, 5))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(request["words"], seconds) from None

    def close(self) -> None:
        """End the server and the commands that still run."""
        self._control.close()
        self._process.wait(timeout=30)


def _content(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


def _receive(connection: socket.socket, size: int) -> bytes:
    """Return exactly that many bytes. Raises EOFError at the end of the connection."""
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError("the process that forks commands has ended")
        received += part
    return received


class _Server:
    """Fork a child for each request, and report its exit status when it has ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._running: dict[int, socket.socket] = {}
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing is written to the pipe
        signal.set_wakeup_fd(wake)

    def serve(self) -> dict[str, Any] | None:
        """Return in a fork with the request that it has to carry out, in the server with None at the end."""
        with DefaultSelector() as selector:
            selector.register(self._control, EVENT_READ)
            selector.register(self._woken, EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._woken in ready:
                    os.read(self._woken, 4096)
                    self._report_ended()
                if self._control.fileno() in ready:
                    header, numbers, _, _ = socket.recv_fds(self._control, _LENGTH.size, 4)
                    if not header:
                        break
                    payload = _receive(self._control, _LENGTH.unpack(header)[0])
                    if self._fork(numbers):
                        return dict(json.loads(payload))
        for pid in self._running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return None

    def _fork(self, numbers: list[int]) -> bool:
        """Return whether this is the fork, whose standard streams are those numbers."""
        *streams, answering = numbers
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for place, number in enumerate(streams):
                os.dup2(number, place)
            for number in (*numbers, self._control.detach(), self._woken):
                os.close(number)
            return True
        for number in streams:
            os.close(number)
        self._running[pid] = socket.socket(fileno=answering)
        self._running[pid].sendall(_LENGTH.pack(pid))
        return False

    def _report_ended(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if answering := self._running.pop(pid, None):
                with answering, suppress(BrokenPipeError):
                    answering.sendall(b"%5d" % os.waitstatus_to_exitcode(status))


def _carry_out(request: dict[str, Any]) -> None:
    """Become the command: its arguments, environment, folder and streams."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    name, *arguments = request["words"]
    sys.argv = [str(Path(sys.executable).parent / name), *arguments]
    (script,) = entry_points(group="console_scripts", name=name)
    sys.exit(script.load()())


def _main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in _PRELOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy the pages of all that is imported
    if request := _Server(control).serve():
        _carry_out(request)


if __name__ == "__main__":
    _main()
