"""What a command costs: time, CPU, memory, of its whole tree of processes.

Here: watching commands from outside. Not here: which ones (`contenders`), and what they tell themselves.

CPU seconds are the kernel's own account of every process of the tree, also of one that was orphaned: this process
takes orphans in while it measures (Linux). Memory is sampled: the sum of what the tree's processes hold, where pages
that two of them share count twice.
"""

import ctypes
import os
import resource
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_SAMPLE_SECONDS = 0.1
_LONGEST_SECONDS = 4 * 3600
_ORPHANS_END_WITHIN_SECONDS = 30


class CommandError(RuntimeError):
    """A command that did not end well: which one, how, and the last that it said."""


@dataclass(frozen=True)
class Cost:
    """wall_seconds: from the first command's start to the last one's end. cpu_seconds: of all processes, and of the
    server that they use. peak_bytes: most that all of them held at once. others_share: what everything else on the
    machine took meanwhile, as a share of all cores' time."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    others_share: float


def cost_of(
    commands: Sequence[Sequence[str]],
    folder: Path,
    log: Path,
    environment: Mapping[str, str],
    server: int | None = None,
) -> Cost:
    """Runs the commands one after another, in that folder; what they say goes to the log.

    `server`: a process that works for them and is no child of theirs: it counts as well. Raises CommandError.
    """
    served_by = psutil.Process(server) if server else None
    others_children = {child.pid for child in psutil.Process().children()} | {server}
    with _taking_in_orphans(), log.open("wb") as said:
        cpu, served, busy, began = _cpu_of_children(), cpu_of(served_by), _busy(), time.monotonic()
        peak = 0
        for command in commands:
            process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=said, stderr=said)
            peak = max(peak, _watch(process, served_by, began))
            if process.returncode != 0:
                _end_orphans(others_children)
                raise CommandError(f"{' '.join(command)[:200]} ended with {process.returncode}: {_last_words(log)}")
        wall = time.monotonic() - began
        _end_orphans(others_children)
        used = _cpu_of_children() - cpu + cpu_of(served_by) - served
        here = time.monotonic() - began
        others = max(0.0, _busy() - busy - used) / (here * (os.cpu_count() or 1))
    return Cost(wall, used, peak, others)


def _watch(process: "subprocess.Popen[bytes]", served_by: psutil.Process | None, began: float) -> int:
    """Waits for the process; the most memory that was held at once."""
    peak = 0
    tree = psutil.Process(process.pid)
    while process.poll() is None:
        held = 0
        with suppress(psutil.Error):
            for one in (tree, *tree.children(recursive=True), *([served_by] if served_by else [])):
                with suppress(psutil.Error):
                    held += one.memory_info().rss
        peak = max(peak, held)
        if time.monotonic() - began > _LONGEST_SECONDS:
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_SAMPLE_SECONDS)
    return peak


@contextmanager
def _taking_in_orphans() -> Iterator[None]:
    """Descendants whose parent ends become children of this process, so that their CPU is accounted here."""
    if sys.platform != "linux":
        yield
        return
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _end_orphans(but: Collection[int | None]) -> None:
    """Returns when this process has no children but these: a JVM takes a moment to end after its Python."""
    deadline = time.monotonic() + _ORPHANS_END_WITHIN_SECONDS
    while left := [child for child in psutil.Process().children() if child.pid not in but]:
        for child in left:
            if time.monotonic() > deadline:
                child.kill()
            with suppress(ChildProcessError):
                os.waitpid(child.pid, os.WNOHANG)
        time.sleep(0.02)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of(process: psutil.Process | None) -> float:
    """Seconds that a process has used so far; none where there is none."""
    if process is None:
        return 0.0
    used = process.cpu_times()
    return float(used.user + used.system)


def _busy() -> float:
    """Seconds that all cores were busy since the machine started, whoever for; this process's own are left out."""
    used, own = psutil.cpu_times(), psutil.Process().cpu_times()
    idle = used.idle + getattr(used, "iowait", 0.0)
    guests = getattr(used, "guest", 0.0) + getattr(used, "guest_nice", 0.0)  # in user and nice already
    return float(sum(used) - idle - guests - own.user - own.system)


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-3:])[-600:] or "it said nothing"
