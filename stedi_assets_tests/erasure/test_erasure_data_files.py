"""Data files judged and written again: row group by row group, by the schema that they have."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyiceberg.io.pyarrow import PyArrowFileIO

from stedi_assets.erasure.data_files import count_erased, rewrite_without

IO = PyArrowFileIO({})
ROWS = pa.table(
    {
        "steps": pa.array([1, 2, None, 4, 5, 6, 7], pa.int32()),
        "email": pa.array(["ann", "ben", None, "ann", "ann", "", "cid"]),
        "taken": pa.array([10, 20, 30, 40, 50, 60, 70], pa.int64()),
        "x": pa.array([0.5, float("nan"), None, 4.5, 5.5, 6.5, 7.5]),
        "agreed": pa.array([True, False, None, True, True, False, True]),
    },
    metadata={"pandas": "an index of ann"},
)


def of_ann(piece: pa.Table) -> pa.BooleanArray:
    return pc.fill_null(pc.equal(piece["email"], "ann"), False).combine_chunks()


def written(path: Path, rows: pa.Table = ROWS, **options: Any) -> str:
    pq.write_table(rows, path, **{"row_group_size": 2, **options})
    return str(path)


def test_rows_are_counted_in_every_row_group(tmp_path: Path) -> None:
    assert count_erased(IO, written(tmp_path / "a.parquet"), ("email", "raw"), of_ann) == 3


def test_the_judge_sees_the_named_columns_that_the_file_has(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def none(piece: pa.Table) -> pa.BooleanArray:
        seen.append(piece.column_names)
        return pa.array([False] * piece.num_rows)

    path = written(tmp_path / "a.parquet", row_group_size=10)
    assert count_erased(IO, path, ("raw", "email", "steps"), none) == 0
    assert count_erased(IO, path, ("raw", "user"), none) == 0
    assert seen == [["steps", "email"]]


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip", {"email": "zstd", "steps": "gzip"}])
def test_the_copy_is_the_file_without_the_rows(tmp_path: Path, compression: Any) -> None:
    source, target = written(tmp_path / "a.parquet", compression=compression), str(tmp_path / "b.parquet")
    rewrite_without(IO, source, target, ("email",), of_ann)
    kept = ROWS.take([1, 2, 5, 6]).replace_schema_metadata(None)
    assert str(pq.read_table(target).to_pylist()) == str(kept.to_pylist())  # as text: NaN is not NaN
    before, after = pq.ParquetFile(source), pq.ParquetFile(target)
    assert after.schema_arrow.equals(before.schema_arrow.remove_metadata(), check_metadata=True)
    assert after.schema.equals(before.schema)
    codecs = [[file.metadata.row_group(0).column(place).compression for place in range(5)] for file in (before, after)]
    assert codecs[0] == codecs[1]
    assert b"ann" not in Path(target).read_bytes()


def test_field_ids_stay(tmp_path: Path) -> None:
    fields = [field.with_metadata({"PARQUET:field_id": str(place)}) for place, field in enumerate(ROWS.schema, 7)]
    source = written(tmp_path / "a.parquet", ROWS.cast(pa.schema(fields)))
    rewrite_without(IO, source, str(tmp_path / "b.parquet"), ("email",), of_ann)
    found = pq.read_schema(tmp_path / "b.parquet")
    assert [field.metadata[b"PARQUET:field_id"] for field in found] == [b"7", b"8", b"9", b"10", b"11"]
