"""Which rows of a data file are to go, and the file written again without them.

Here: one Parquet file at a time, row group by row group, by the schema that the file itself has. Not here: which files
there are (`snapshots`), what becomes of them (`history`), and who is to be erased (the caller's `ErasedRows`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import FileIO

# Which rows of a piece of a file are to go, never null. It judges by those of the columns that the piece has.
ErasedRows = Callable[[pa.Table], pa.BooleanArray]


class RewrittenFileError(RuntimeError):
    """A file that was written again does not hold exactly the rows that it should. It was not published."""


def count_erased(io: FileIO, path: str, columns: Sequence[str], erased: ErasedRows) -> int:
    """How many rows of the file are to go. Only the named columns are read; a file with none of them keeps all."""
    with _opened(io, path) as source:
        read = _present(source, columns)
        if not read:
            return 0
        groups = range(source.num_row_groups)
        return sum(_count(erased(source.read_row_group(group, columns=read))) for group in groups)


def rewrite_without(io: FileIO, path: str, target: str, columns: Sequence[str], erased: ErasedRows) -> None:
    """Writes the file's other rows to `target`, with its schema and compression, and reads them back.

    Raises RewrittenFileError.
    """
    removed = 0
    with _opened(io, path) as source:
        read = _present(source, columns)
        # What a writer noted about the file as a whole (pandas its index) does not hold for a part of it.
        schema = source.schema_arrow.remove_metadata()
        with (
            io.new_output(target).create() as stream,
            pq.ParquetWriter(stream, schema, compression=_compression(source)) as writer,
        ):
            for group in range(source.num_row_groups):
                piece = source.read_row_group(group).replace_schema_metadata(None)
                gone = erased(piece.select(read))
                removed += _count(gone)
                kept = piece.filter(pc.invert(gone))
                if kept.num_rows:
                    writer.write_table(kept, row_group_size=kept.num_rows)
        expected = source.metadata.num_rows - removed
    with _opened(io, target) as written:
        rows = written.metadata.num_rows
    left = count_erased(io, target, columns, erased)
    if rows != expected or left:
        raise RewrittenFileError(
            f"{path} without {removed} rows should be {expected} rows, none of them to be erased; the copy has {rows}, "
            f"{left} of them to be erased. Nothing was changed; see that nothing else writes to the table, run again"
        )


@contextmanager
def _opened(io: FileIO, path: str) -> Iterator[pq.ParquetFile]:
    with io.new_input(path).open() as stream, pq.ParquetFile(stream) as file:
        yield file


def _present(source: pq.ParquetFile, columns: Sequence[str]) -> list[str]:
    return [name for name in source.schema_arrow.names if name in columns]


def _count(rows: pa.BooleanArray) -> int:
    return pc.sum(rows).as_py() or 0


def _compression(source: pq.ParquetFile) -> str | dict[str, str]:
    """The codec of each column, in the words of PyArrow's writer. The file has rows, so it has a row group."""
    group = source.metadata.row_group(0)
    chunks = [group.column(place) for place in range(group.num_columns)]
    return {c.path_in_schema: "none" if c.compression == "UNCOMPRESSED" else c.compression.lower() for c in chunks}
