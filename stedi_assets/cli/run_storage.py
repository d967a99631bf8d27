"""Where a home's runs and events are kept: Dagster's own SQLite files, opened once and not for every event.

Here: that. Not here: which home (`dagster_home`), what is in the events.

Dagster opens the file of a run for each event and closes it again; closing the last connection makes SQLite copy its
log into the file and wait for the disk, five times for an event: a run of 400 events waits longer for that than it
works. Here connections stay open while a run goes on, and a commit waits for nothing: as with the store, what is
written survives the death of the process, not a power cut, which may take the last events and never damages the file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, event


class HomeStorage(DagsterSqliteStorage):
    """Dagster's storage in files below a folder, with the events kept as said above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = Events(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "HomeStorage":
        return cls(inst_data=inst_data, **config_value)


class Events(SqliteEventLogStorage):
    """One file for each run, and the index. Open are the index and the run that was last asked for, no others."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data=inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection
            # The UI is told of new events by changes of this file, and these are beside it so far.
            os.utime(self.path_for_shard(shard))

    def has_table(self, table_name: str) -> bool:
        """Asked for each event; what is there stays."""
        if table_name not in self._tables:
            engine = self._engine(INDEX_SHARD_NAME)
            with engine.connect() as connection:
                if engine.dialect.has_table(connection, table_name):
                    self._tables.add(table_name)
        return table_name in self._tables

    def wipe(self) -> None:
        self._close()
        super().wipe()

    def dispose(self) -> None:
        super().dispose()
        self._close()

    def _engine(self, shard: str) -> Engine:
        if shard not in self._open:
            self._close(but=INDEX_SHARD_NAME)
            engine = create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            event.listen(engine, "connect", _wait_for_no_disk)
            self._open[shard] = engine
        return self._open[shard]

    def _close(self, but: str = "") -> None:
        for shard in [shard for shard in self._open if shard != but]:
            self._open.pop(shard).dispose()


def _wait_for_no_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")  # from the first table on, which Dagster sets after the last
    connection.execute("PRAGMA synchronous=NORMAL")
