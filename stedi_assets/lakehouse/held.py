"""Rows that are read more than once, kept in files until nobody asks for them any more.

Here: writing them and taking them away, for the length of a run or of less. Not here: which rows (`building`,
`audits`).
"""

import threading
import uuid
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stedi_assets.lakehouse.objects import delete_folder

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class ReleasedError(RuntimeError):
    """The rows were released before they were written, or were to be written after: nobody waits for them any more."""


class Held:
    """Rows in files of one folder, until they are released; several threads may ask. `once` keeps what it is asked for
    again, by its key: that stands for all that the rows follow from, and has the DataFrames that they are made from in
    it."""

    def __init__(self, spark: "SparkSession", s3: Any, folder: str) -> None:
        self._spark, self._s3, self._folder = spark, s3, folder
        self._changing = threading.Lock()
        self._places = 0
        self._releases = 0
        self._is_closed = False
        self._by_key: dict[Hashable, Future[DataFrame]] = {}

    def __call__(self, rows: "DataFrame") -> "DataFrame":
        """The same rows, read from files. Raises ReleasedError."""
        from stedi_assets.lakehouse.writing import data_files  # the graph is loaded without the catalog's library

        with self._changing:
            if self._is_closed:
                raise ReleasedError(f"{self._folder} is closed")
            place, releases = f"{self._folder}/{self._places}", self._releases
            self._places += 1
        try:
            rows.repartition(1).write.parquet(place)
            written = sorted(data_files(self._s3, place))
        finally:
            if was_released := self._releases != releases:
                delete_folder(self._s3, place)
        if was_released:
            raise ReleasedError(f"{place} was released while it was written")
        if not written:
            return self._spark.createDataFrame([], rows.schema)
        # Read without a schema: to ask for the rows' own is to have the engine plan them once more.
        return self._spark.read.parquet(*written)

    def once(self, key: Hashable, rows: "Callable[[], DataFrame]") -> "DataFrame":
        """The rows that this key stands for: found and kept when they are asked for the first time; who asks meanwhile
        waits for them, and finds them itself where they could not be found. Raises ReleasedError."""
        while True:
            with self._changing:
                is_first = key not in self._by_key
                kept = self._by_key.setdefault(key, Future())
            if is_first:
                return self._found(key, kept, rows)
            if kept.exception() is None:
                return kept.result()

    def _found(self, key: Hashable, kept: "Future[DataFrame]", rows: "Callable[[], DataFrame]") -> "DataFrame":
        try:
            found = self(rows())
        except BaseException as error:
            with self._changing:
                if self._by_key.get(key) is kept:  # after a release it is somebody else's
                    del self._by_key[key]
            kept.set_exception(error)
            raise
        kept.set_result(found)
        return found

    def release(self) -> None:
        """Deletes the files. Whoever asks after this finds the rows anew: what an engine reads of files that are gone
        is nothing, and no error."""
        with self._changing:
            self._by_key.clear()
            self._releases += 1
        if self._places:
            delete_folder(self._s3, self._folder)

    def close(self) -> None:
        """Deletes the files, and keeps nothing any more: threads that nobody waits for may still ask."""
        with self._changing:
            self._is_closed = True
        self.release()


@contextmanager
def holding(spark: "SparkSession", s3: Any, staging: str) -> Iterator[Held]:
    """Keeps rows in a folder of its own below `staging`, which goes at the end."""
    held = Held(spark, s3, f"{staging}/{uuid.uuid4().hex}")
    try:
        yield held
    finally:
        held.close()
