"""The SQLite databases in which Dagster keeps a home's runs, events and schedules: which of them are damaged.

Contains the search alone. For opening them, see `cli.dagster_home` and `cli.run_storage`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

# Those that every run needs. The file of a single run is missed by nobody else.
_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


def find_damaged(folder: Path) -> list[Path]:
    """Return the databases in Dagster's folder that SQLite cannot read through. Takes a second per gigabyte or so."""
    files = (folder / name for name in _DATABASES)
    return [file for file in files if file.is_file() and _is_damaged(file)]


def _is_damaged(file: Path) -> bool:
    # Without a log of writes beside it the file is whole by itself, and read so that none is made.
    options = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?{options}", uri=True)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:  # locked, or no rights: nothing is known of its content
        return False
    except sqlite3.DatabaseError:
        return True
    return bool(found != ("ok",))
