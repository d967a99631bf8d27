"""A process that ends when this one does, and is missed at once when it ends before.

Only that. The kernel's signal at a parent's death comes when the *thread* that started the child ends; so a thread
starts it that stays until the child has ended.
"""

import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 20


class Tended:
    """A child process with its output in a log that its owner alone can read."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        started: queue.Queue[subprocess.Popen[bytes] | OSError] = queue.Queue()

        def tend() -> None:
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                child = subprocess.Popen(
                    command,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing but two system calls
                )
            except OSError as error:
                started.put(error)
                return
            finally:
                os.close(output)
            started.put(child)
            child.wait()

        threading.Thread(target=tend, name=f"tends {command[0]}", daemon=True).start()
        child = started.get()
        if isinstance(child, OSError):
            raise child
        self._child = child

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._child.poll()

    def end(self) -> None:
        """Ends it by the process that was started."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()


def _end_with_parent() -> None:
    """The kernel ends the child if this process dies without doing so itself, by a signal that it must not be deaf to.

    In a shell's background SIGINT is ignored, and Dagster then leaves SIGTERM ignored as well; a child would stay so.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
