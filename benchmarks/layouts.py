"""Partitions and sort orders of a large table, judged by what has to be read and what it takes on disk.

Here: writing accelerometer readings in several layouts and asking each file's own statistics. No time is taken: what a
reader may skip follows from minima and maxima of row groups, as Iceberg and Parquet readers use them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from pyarrow import parquet

ROWS_OF_GROUP = 122_880  # DuckDB's and close to what engines write for narrow tables
_DAY = 86_400_000
_KINDS = {
    "as it arrived": ("", ""),
    "sorted by timestamp": ('ORDER BY "timestamp"', ""),
    "sorted by user, timestamp": ('ORDER BY "user", "timestamp"', ""),
    "by day; in it by timestamp": ('ORDER BY "timestamp"', "day"),
    "by day; in it by user, timestamp": ('ORDER BY "user", "timestamp"', "day"),
    "by 16 buckets of user; in it by user, timestamp": ('ORDER BY "user", "timestamp"', "bucket"),
}


@dataclass(frozen=True)
class Layout:
    """bytes: of all files. window, customer: the share of it that a reader of ten minutes, or of one customer's rows,
    cannot skip."""

    name: str
    files: int
    bytes: int
    window: float
    customer: float


def measured(accelerometer: Path, work: Path) -> list[Layout]:
    """Every layout of the JSON in that folder."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE motion AS FROM read_json('{accelerometer}/*.json')")
    connection.execute(
        f'CREATE TABLE keyed AS SELECT *, "timestamp" // {_DAY} AS day, hash("user") % 16 AS bucket FROM motion'
    )
    anyone = 'SELECT "user", "timestamp" FROM motion ORDER BY hash("user", "timestamp") LIMIT 1'
    user, time = connection.sql(anyone).fetchall()[0]
    return [
        _layout(connection, name, order, split, work / f"layout-{number}", user, time)
        for number, (name, (order, split)) in enumerate(_KINDS.items())
    ]


def _layout(
    connection: duckdb.DuckDBPyConnection, name: str, order: str, split: str, out: Path, user: str, time: int
) -> Layout:
    out.mkdir(parents=True)
    parts = [part for (part,) in connection.sql(f"SELECT DISTINCT {split} FROM keyed").fetchall()] if split else [None]
    for part in parts:
        where = f"WHERE {split} = {part}" if split else ""
        connection.execute(
            f'COPY (SELECT "user", "timestamp", x, y, z FROM keyed {where} {order}) TO \'{out}/{part}.parquet\' '
            f"(ROW_GROUP_SIZE {ROWS_OF_GROUP}, COMPRESSION snappy)"
        )
    bucket = connection.execute("SELECT hash(?) % 16", [user]).fetchall()[0][0]
    of_user = [out / f"{bucket}.parquet"] if split == "bucket" else sorted(out.iterdir())
    files = sorted(out.iterdir())
    total = _bytes(files, lambda _: True)
    minutes = (time - 300_000, time + 300_000)
    window = _bytes(files, lambda bounds: bounds["timestamp"][0] <= minutes[1] and bounds["timestamp"][1] >= minutes[0])
    customer = _bytes(of_user, lambda bounds: bounds["user"][0] <= user <= bounds["user"][1])
    return Layout(name, len(files), sum(file.stat().st_size for file in files), window / total, customer / total)


def _bytes(files: list[Path], is_read: Callable[[dict[str, tuple[Any, Any]]], bool]) -> int:
    """Compressed bytes of the row groups that cannot be skipped."""
    total = 0
    for file in files:
        metadata = parquet.ParquetFile(file).metadata
        for place in range(metadata.num_row_groups):
            group = metadata.row_group(place)
            columns = [group.column(number) for number in range(group.num_columns)]
            bounds = {c.path_in_schema: (c.statistics.min, c.statistics.max) for c in columns}
            total += sum(c.total_compressed_size for c in columns) if is_read(bounds) else 0
    return total
