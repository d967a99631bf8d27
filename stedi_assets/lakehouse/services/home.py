"""The files of one home: where they are, how they are replaced, who holds the lock.

Here: paths, the record of the running server, the log. Not here: secrets (`keys`), the process (`server`).
"""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stedi_assets.lakehouse.services.endpoints import ServicesError

LOCK_TIMEOUT_SECONDS = 60.0
_INDEXES = ("filer.db", "filerldb2")
# In the order in which they tell why a server ended. A fatal line is followed by pages of goroutines, so the
# log's last line is seldom the one that matters.
_TELLING_LINES = (r"F\d{4} ", r"panic: |fatal error: |flag provided ", r"E\d{4} ", r"W\d{4} ")
_GLOG_PREFIX = re.compile(r"^[IWEF]\d{4} \S+ \S+\] ?|^[IWEF]\d{4} \S+ \S+:\d+ ")


class Home:
    """One home folder. Making the object touches nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()
        self.credentials = self.folder / "credentials.json"
        self.record = self.folder / "services.json"
        self.log = self.folder / "services.log"
        self.recovery_log = self.folder / "recovery.log"
        self.store = self.folder / "store"
        self.index = self.store / "filer.db"
        self.index_configuration = self.store / "filer.toml"
        self.index_copy = self.folder / "index-copy.db"
        self.leveldb = self.store / "filerldb2"  # the index of a home from before SQLite
        self.running = self.store / ".running"  # there while a server runs, and after one that did not end cleanly
        self.certificate = self.store / ".grpc.pem"
        self.identities = self.store / ".identities.json"

    def prepare(self) -> None:
        """Makes the folders, for the owner alone. Raises ServicesError."""
        if "," in str(self.folder):
            raise ServicesError(
                "expected a home without a comma in its path, because weed takes one for a list of folders, "
                f"found {self.folder}; choose another home"
            )
        with self.writing():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            self.store.mkdir(exist_ok=True, mode=0o700)

    @property
    def has_index(self) -> bool:
        """True if the store has an index of its objects; without one it answers like an empty store."""
        return any((self.store / name).exists() for name in _INDEXES)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turns what can go wrong when writing here into a ServicesError."""
        try:
            yield
        except OSError as error:
            found = (error.strerror or str(error)).lower()
            raise ServicesError(
                f"expected a home that can be written at {self.folder}, found '{found}' at "
                f"{error.filename or self.folder}; free space, mend its rights or choose another home"
            ) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lets one process at a time start or stop this home's server; the kernel frees it if that one dies.

        Raises ServicesError if another one holds it for too long.
        """
        import fcntl

        with self.writing():
            lock = os.open(self.folder / "services.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ServicesError(
                            f"expected to be alone in starting or stopping services in {self.folder}, found "
                            f"another process at it for over {LOCK_TIMEOUT_SECONDS:g} s; end that process"
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(lock)

    def not_running(self) -> ServicesError:
        """The error of what needs a running server."""
        return ServicesError(f"expected the services of {self.folder} to run, found none; start them first")

    def write_private(self, path: Path, content: str | bytes) -> None:
        """Replaces a file whole, readable by its owner alone from the first byte on. Raises ServicesError."""
        with self.writing():
            new = path.with_name(f"{path.name}.new")
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
                file.flush()
                os.fsync(descriptor)
            new.replace(path)

    def read_record(self) -> dict[str, Any]:
        """What was last recorded of a server; empty if nothing readable was."""
        try:
            record = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def open_new_log(self, log: Path) -> int:
        """Return a descriptor of a new log, of one server only; the log before is kept. Raises ServicesError."""
        with self.writing():
            if log.exists():
                log.replace(log.with_name(f"{log.name}.1"))
            return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def read_log(self) -> str:
        """What the last server has said; empty if that cannot be read."""
        try:
            return self.log.read_text(errors="replace")
        except OSError:
            return ""

    def last_words(self) -> str:
        """The line of the log that best tells why the server ended; empty if none does."""
        lines = [line for line in self.read_log().splitlines() if line.strip()]
        for pattern in (*_TELLING_LINES, ""):
            if found := [line for line in lines if re.match(pattern, line)]:
                return _GLOG_PREFIX.sub("", found[-1]).strip()
        return ""
