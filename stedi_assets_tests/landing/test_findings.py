"""What is found in objects beside their rows: in files that are the same however often an engine does a task."""

import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from stedi_assets.contracts import ACCELEROMETER_LANDING
from stedi_assets.erasure.suppression import NOBODY
from stedi_assets.lakehouse.objects import delete_folder, objects_below
from stedi_assets.lakehouse.writing import data_files
from stedi_assets.landing import findings as module
from stedi_assets.landing.findings import Findings
from stedi_assets.transforms import landing
from stedi_assets_tests.support.lake import TAKEN, Lake, lines, motion


@pytest.fixture
def folder(lake: Lake) -> Iterator[str]:
    place = f"s3://{lake.store.bucket}/staging/{uuid.uuid4().hex}"
    yield place
    delete_folder(lake.s3, place)


def found(key: str, *offsets: int) -> pa.RecordBatch:
    rows = [{"source": "customer", "source_object": key, "source_offset": offset} for offset in offsets]
    schema = pa.schema([("source", pa.string()), ("source_object", pa.string()), ("source_offset", pa.int64())])
    return pa.RecordBatch.from_pylist(rows, schema)


def task(folder: str, *batches: pa.RecordBatch) -> None:
    kept = Findings(folder)
    for batch in batches:
        kept.add(batch)
    kept.write()


def rows_in(lake: Lake, folder: str) -> list[dict[str, Any]]:
    files = objects_below(lake.s3, folder)
    contents = [lake.s3.get_object(Bucket=lake.store.bucket, Key=uri.split("/", 3)[3])["Body"].read() for uri in files]
    return [row for content in contents for row in pq.read_table(pa.BufferReader(content)).to_pylist()]


def test_a_task_that_is_done_again_tells_nothing_twice(lake: Lake, folder: str) -> None:
    for _ in range(2):
        task(folder, found("Ann's.json", 0), found("b.json", 0, 7))
        task(folder, found("c.json", 0))
    told = sorted((row["source_object"], row["source_offset"]) for row in rows_in(lake, folder))
    assert told == [("Ann's.json", 0), ("b.json", 0), ("b.json", 7), ("c.json", 0)]
    assert not any("Ann" in uri for uri in objects_below(lake.s3, folder)), "names of objects may be personal"


def test_much_is_written_in_several_files(lake: Lake, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    task(folder, *(found("a.json", offset) for offset in range(3)))
    assert len(objects_below(lake.s3, folder)) == 3
    assert sorted(row["source_offset"] for row in rows_in(lake, folder)) == [0, 1, 2]


def test_what_is_small_is_put_together(lake: Lake, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BATCHES", 2)
    task(folder, *(found("a.json", offset) for offset in range(7)))
    assert sorted(row["source_offset"] for row in rows_in(lake, folder)) == list(range(7))


def test_where_nothing_is_found_nothing_is_written(lake: Lake, folder: str) -> None:
    task(folder, found("a.json"))
    task(folder)
    assert objects_below(lake.s3, folder) == {}


def test_rows_computed_twice_count_each_object_once(lake: Lake, spark: SparkSession, folder: str) -> None:
    """In whatever order the objects come to the task that is done again: a shuffle hands them over as they arrive."""
    for n in range(3):
        lake.put(f"accelerometer/{n}.json", lines([motion("ann@x.org", TAKEN + n)]) + "{")
    objects = lake.zone.objects()
    look = landing.Look("accelerometer", folder)
    for given in (objects, objects[::-1]):
        rows = landing.landing_rows(landing.listing(spark, given), ACCELEROMETER_LANDING, 10**6, NOBODY, look)
        assert len(rows.collect()) == 3
    told = landing.findings(spark, sorted(data_files(lake.s3, folder)))
    assert sorted((row["source_object"][-6:], row["objects"]) for row in landing.tally(told).collect()) == [
        ("0.json", 2),
        ("1.json", 2),
        ("2.json", 2),
    ]
    assert landing.landing_quarantine(told).count() == 3
