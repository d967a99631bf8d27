"""Rows that are kept in files for a while, and are asked for by several threads."""

import threading
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from stedi_assets.lakehouse.held import Held, ReleasedError
from stedi_assets.lakehouse.objects import objects_below
from stedi_assets.lakehouse.side_by_side import begun
from stedi_assets.lakehouse.store import STAGING_FOLDER, Store
from stedi_assets_tests.support.commands import wait_for
from stedi_assets_tests.support.lake import Lake

FOLDER = f"{STAGING_FOLDER}/held"


@pytest.fixture
def held(spark: SparkSession, store: Store, lake: Lake) -> Iterator[Held]:
    kept = Held(spark, lake.s3, store.uri(FOLDER))
    yield kept
    kept.release()
    assert objects_below(lake.s3, store.uri(FOLDER)) == {}


def test_what_two_ask_for_at_once_is_found_once(held: Held, spark: SparkSession) -> None:
    finding, asked = threading.Event(), threading.Event()
    times: list[int] = []

    def find() -> DataFrame:
        times.append(1)
        finding.set()
        assert asked.wait(60)
        return spark.range(3).toDF("n")

    first = begun(lambda: held.once("key", find), "first")
    assert finding.wait(60)
    second = begun(lambda: held.once("key", find), "second")
    asked.set()
    assert [first.result(60), second.result(60)] == [held.once("key", find)] * 2
    assert times == [1]
    assert sorted(row["n"] for row in first.result().collect()) == [0, 1, 2]


def test_different_rows_lie_in_different_places(held: Held, spark: SparkSession) -> None:
    both = threading.Barrier(2, timeout=60)

    def find(number: int) -> DataFrame:
        both.wait()
        return spark.createDataFrame([(number,)], "n bigint")

    kept = [begun(partial(held.once, number, partial(find, number)), "test") for number in (1, 2)]
    assert [one.result(60).collect()[0]["n"] for one in kept] == [1, 2]


def test_what_failed_is_tried_again(held: Held, spark: SparkSession) -> None:
    def fails() -> DataFrame:
        raise LookupError("out of luck")

    with pytest.raises(LookupError):
        held.once("key", fails)
    assert held.once("key", lambda: spark.range(2).toDF("n")).count() == 2


def test_who_waited_for_one_that_failed_finds_it(held: Held, spark: SparkSession) -> None:
    """The other's failure may be the end of an audit that took too long."""
    finding, may_fail = threading.Event(), threading.Event()

    def fails() -> DataFrame:
        finding.set()
        assert may_fail.wait(60)
        raise LookupError("out of luck")

    first = begun(partial(held.once, "key", fails), "first")
    assert finding.wait(60)
    second = begun(partial(held.once, "key", lambda: spark.range(2).toDF("n")), "second")
    may_fail.set()
    with pytest.raises(LookupError):
        first.result(60)
    assert second.result(60).count() == 2


def test_what_is_closed_keeps_nothing_any_more(held: Held, spark: SparkSession, store: Store, lake: Lake) -> None:
    held(spark.range(2).toDF("n"))
    held.close()
    with pytest.raises(ReleasedError):
        held(spark.range(2).toDF("n"))
    assert objects_below(lake.s3, store.uri(FOLDER)) == {}


def test_what_is_released_is_found_anew(held: Held, spark: SparkSession) -> None:
    first = held.once("key", lambda: spark.range(2).toDF("n"))
    held.release()
    second = held.once("key", lambda: spark.range(3).toDF("n"))
    assert (second.count(), second is first) == (3, False)


def test_who_is_left_behind_leaves_nothing_behind(
    held: Held, spark: SparkSession, store: Store, lake: Lake, tmp_path: Path
) -> None:
    """A thread that nobody waits for any more, as an audit's that took too long, writes after all was deleted."""
    writing, may_go_on = tmp_path / "writing", tmp_path / "may go on"

    def slowly(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        writing.touch()
        wait_for("leave to go on", may_go_on.exists)
        yield from batches

    late = begun(lambda: held(spark.range(3).toDF("n").mapInArrow(slowly, "n bigint")), "test")
    wait_for("the writing", writing.exists)
    held.release()
    may_go_on.touch()
    with pytest.raises(ReleasedError):
        late.result(60)
    assert objects_below(lake.s3, store.uri(FOLDER)) == {}
