"""Staging and publishing on the real store and catalog: what readers see, and when."""

import json
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import boto3
import pyiceberg.table
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table.update import update_table_metadata
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stedi_assets.audits import within
from stedi_assets.contracts import CUSTOMER_TRUSTED, STEP_TRAINER_LANDING, STEP_TRAINER_TRUSTED, Contract
from stedi_assets.lakehouse.catalog import NAMESPACE, bring_up_to_contract, open_catalog
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.publication import RUN_ID, UPSTREAM, NeverPublishedError, PublicationRefusedError, Staged
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.settings import Settings
from stedi_assets_tests.support.frames import frame, values


@pytest.fixture
def catalog(spark: SparkSession) -> Iterator[Catalog]:
    """The session's catalog, with no tables in it before and after."""
    catalog = open_catalog(connect(Settings.load()))
    _drop_all(catalog)
    yield catalog
    _drop_all(catalog)


def _drop_all(catalog: Catalog) -> None:
    if catalog.namespace_exists(NAMESPACE):
        for name in catalog.list_tables(NAMESPACE):
            catalog.drop_table(name)


@pytest.fixture
def tables(catalog: Catalog, spark: SparkSession) -> Tables:
    return Tables(catalog, spark, boto3.client("s3"), retention_days=3)


def steps(tables: Tables, *serials: str, contract: Contract = STEP_TRAINER_TRUSTED) -> Any:
    return frame(tables.spark, contract, *({"serialnumber": serial} for serial in serials))


def publish(tables: Tables, *serials: str, run_id: str = "run") -> int:
    staged = tables.stage(steps(tables, *serials), STEP_TRAINER_TRUSTED)
    return tables.publish(staged, run_id).snapshot_id


def serials(tables: Tables) -> list[str]:
    return values(tables.read(STEP_TRAINER_TRUSTED), "serialnumber")


def test_a_table_that_was_never_published_is_not_an_empty_one(tables: Tables) -> None:
    with pytest.raises(NeverPublishedError, match="step_trainer_trusted was never published"):
        tables.read(STEP_TRAINER_TRUSTED)
    tables.stage(steps(tables, "s1"), STEP_TRAINER_TRUSTED)
    with pytest.raises(NeverPublishedError):
        tables.read(STEP_TRAINER_TRUSTED)


def test_readers_see_the_published_rows_until_the_staged_ones_are_published(tables: Tables) -> None:
    publish(tables, "s1")
    staged = tables.stage(steps(tables, "s2", "s3"), STEP_TRAINER_TRUSTED)
    assert serials(tables) == ["s1"]
    assert values(tables.read_staged(staged), "serialnumber") == ["s2", "s3"]
    published = tables.publish(staged, "run")
    assert serials(tables) == ["s2", "s3"]
    assert (published.rows, published.table) == (2, "stedi.step_trainer_trusted")


def test_an_empty_result_replaces_what_was_there(tables: Tables) -> None:
    publish(tables, "s1")
    publish(tables)
    assert serials(tables) == []
    publish(tables)
    publish(tables, "s2")
    assert serials(tables) == ["s2"]


def test_a_first_publication_may_be_empty(tables: Tables) -> None:
    publish(tables)
    assert tables.published(STEP_TRAINER_TRUSTED).rows == 0


def test_a_snapshot_tells_its_run_and_what_it_was_computed_from(tables: Tables) -> None:
    landing = tables.publish(
        tables.stage(steps(tables, "s1", contract=STEP_TRAINER_LANDING), STEP_TRAINER_LANDING), "run-1"
    )
    staged = tables.stage(tables.read(STEP_TRAINER_LANDING), STEP_TRAINER_TRUSTED, upstream=("step_trainer_landing",))
    summary = tables.publish(staged, "run-2", {"stedi.note": "kept"}).summary
    assert summary[RUN_ID] == "run-2"
    assert json.loads(summary[UPSTREAM]) == {"step_trainer_landing": landing.snapshot_id}
    assert summary["stedi.note"] == "kept"


def test_files_may_be_kept_and_none_that_is_gone(tables: Tables) -> None:
    publish(tables, "s1")
    kept = tables.published(STEP_TRAINER_TRUSTED).files
    for added in (["s2"], []):  # a file without rows is not added
        staged = tables.stage(steps(tables, *added), STEP_TRAINER_TRUSTED, kept=kept)
        assert values(tables.read_staged(staged), "serialnumber") == ["s1", *added]
        assert values(tables.read_new(staged), "serialnumber") == added
        tables.publish(staged, "run")
        assert serials(tables) == ["s1", *added]
    assert tables.published(STEP_TRAINER_TRUSTED).files == kept
    publish(tables, "s3")
    staged = tables.stage(steps(tables, "s4"), STEP_TRAINER_TRUSTED, kept=kept)
    with pytest.raises(PublicationRefusedError, match="was to keep files that it has no more"):
        tables.publish(staged, "run")
    assert serials(tables) == ["s3"]


def test_replaced_snapshots_stay_readable(tables: Tables, catalog: Catalog) -> None:
    first = publish(tables, "s1")
    publish(tables, "s2")
    table = catalog.load_table("stedi.step_trainer_trusted")
    assert table.scan(snapshot_id=first).to_arrow()["serialnumber"].to_pylist() == ["s1"]
    assert table.properties["history.expire.max-snapshot-age-ms"] == str(3 * 86_400_000)
    assert table.format_version == 2


def test_one_publication_is_one_snapshot(tables: Tables, catalog: Catalog) -> None:
    ids = [publish(tables, "s1"), publish(tables, "s2"), publish(tables)]
    assert [snapshot.snapshot_id for snapshot in catalog.load_table("stedi.step_trainer_trusted").snapshots()] == ids


def test_what_went_with_earlier_versions_is_not_handed_on(tables: Tables, catalog: Catalog) -> None:
    """Or each publication, and each look at a table, would read one manifest more than the one before it."""

    def manifests() -> tuple[int, int]:
        table = catalog.load_table("stedi.step_trainer_trusted")
        found = table.current_snapshot().manifests(table.io)  # type: ignore[union-attr]
        return len(found), sum(manifest.deleted_files_count or 0 for manifest in found)

    counted = []
    for serial in ("s1", "s2", "s3", "s4"):
        publish(tables, serial)
        counted.append(manifests())
    assert counted == [(1, 0), (2, 1), (2, 1), (2, 1)], "the files that came, and those that went with this version"
    kept = tables.published(STEP_TRAINER_TRUSTED).files
    tables.publish(tables.stage(steps(tables, "s5"), STEP_TRAINER_TRUSTED, kept=kept), "run")
    assert manifests() == (2, 0)
    assert serials(tables) == ["s4", "s5"]


def test_a_publication_costs_no_more_where_there_were_many(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyIceberg copies all of a table's metadata, every snapshot with it, whenever a transaction looks at them."""
    publish(tables, "s1")
    copies = []

    def counting(*given: Any) -> Any:
        copies.append(given)
        return update_table_metadata(*given)

    monkeypatch.setattr(pyiceberg.table, "update_table_metadata", counting)
    publish(tables, "s2")
    assert 0 < len(copies) <= 5


@pytest.mark.parametrize("beside", [False, True])
def test_rows_that_several_joins_give_are_written(tables: Tables, tmp_path: Path, beside: bool) -> None:
    """The embedded engine goes through partitions that it puts together one by one; and one of a join's waits until all
    of them have begun."""
    folders = [f"{tmp_path}/some", f"{tmp_path}/all"]
    tables.spark.range(10).write.parquet(folders[0])
    tables.spark.range(1000).repartition(2).write.parquet(folders[1])
    some, all_ = (tables.spark.read.parquet(folder) for folder in folders)
    counted = all_.groupBy("id").agg(F.max(F.col("id") % 10).alias("digit"))
    joined = some.join(counted, on="id", how="left_semi").select(
        F.col("id").alias("sensorreadingtime"), F.lit("s2").alias("serialnumber"), F.lit(1).alias("distancefromobject")
    )
    publish(tables, "s1")
    kept = tables.published(STEP_TRAINER_TRUSTED).files if beside else ()
    rows = reduce(DataFrame.unionByName, [joined] * 4)

    def write() -> Staged:
        return tables.stage(rows, STEP_TRAINER_TRUSTED, kept=kept)

    staged = within(60, "step_trainer_trusted", write, give_up=tables.spark.interruptAll)
    assert tables.read_new(staged).count() == 40
    if beside:
        assert len(staged.files) == 1


def test_a_publication_is_refused_when_main_has_moved(tables: Tables) -> None:
    publish(tables, "s1")
    stale = tables.stage(steps(tables, "stale"), STEP_TRAINER_TRUSTED)
    publish(tables, "s2")
    with pytest.raises(PublicationRefusedError, match=r"step_trainer_trusted.*run again"):
        tables.publish(stale, "run")
    assert serials(tables) == ["s2"]


def test_a_commit_that_loses_the_race_is_refused_not_repeated(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Main moves after the publication looked at it: the catalog itself has to refuse."""
    publish(tables, "s1")
    slow = tables.stage(steps(tables, "slow"), STEP_TRAINER_TRUSTED)
    where = "stedi_assets.lakehouse.tables.bring_up_to_contract"

    def move_main_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(where, bring_up_to_contract)
        publish(tables, "quick")
        bring_up_to_contract(*arguments)

    monkeypatch.setattr(where, move_main_meanwhile)
    with pytest.raises(PublicationRefusedError, match="by someone else"):
        tables.publish(slow, "run")
    assert serials(tables) == ["quick"]


def test_a_table_that_was_dropped_meanwhile_is_published_by_the_next_run(tables: Tables) -> None:
    publish(tables, "s1")
    staged = tables.stage(steps(tables, "s2"), STEP_TRAINER_TRUSTED)
    tables.catalog.drop_table(f"{NAMESPACE}.step_trainer_trusted")
    with pytest.raises(PublicationRefusedError, match="is at None now"):
        tables.publish(staged, "run")
    publish(tables, "s3")
    assert serials(tables) == ["s3"]


def test_a_publication_is_refused_when_what_it_was_computed_from_has_moved(tables: Tables) -> None:
    def publish_customers(*emails: str) -> None:
        rows = frame(tables.spark, CUSTOMER_TRUSTED, *({"email": email} for email in emails))
        tables.publish(tables.stage(rows, CUSTOMER_TRUSTED), "run")

    publish_customers("a@x", "withdraws@x")
    tables.read(CUSTOMER_TRUSTED)
    staged = tables.stage(steps(tables, "s1"), STEP_TRAINER_TRUSTED, upstream=("customer_trusted",))
    publish_customers("a@x")
    with pytest.raises(PublicationRefusedError, match="computed when customer_trusted was at snapshot"):
        tables.publish(staged, "run")
    with pytest.raises(NeverPublishedError):
        tables.read(STEP_TRAINER_TRUSTED)


def test_staging_twice_never_writes_over_the_first_try(tables: Tables) -> None:
    first = tables.stage(steps(tables, "s1"), STEP_TRAINER_TRUSTED)
    second = tables.stage(steps(tables, "s2"), STEP_TRAINER_TRUSTED)
    assert first.folder != second.folder
    assert values(tables.read_staged(first), "serialnumber") == ["s1"]


def test_a_run_never_reads_two_versions_of_a_table(tables: Tables, catalog: Catalog, spark: SparkSession) -> None:
    publish(tables, "s1")
    other_run = Tables(catalog, spark, tables.s3, retention_days=3)
    other_run.read(STEP_TRAINER_TRUSTED)
    publish(tables, "s2")
    assert serials(other_run) == ["s1"]
    assert serials(Tables(catalog, spark, tables.s3, retention_days=3)) == ["s2"]


def test_what_was_staged_and_not_published_goes_with_the_run(tables: Tables) -> None:
    publish(tables, "s1")
    staged = tables.stage(steps(tables, "s2"), STEP_TRAINER_TRUSTED)
    tables.discard_unpublished()
    bucket, prefix = staged.folder.removeprefix("s3://").split("/", 1)
    assert tables.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("KeyCount") == 0
    assert serials(tables) == ["s1"]


def test_two_homes_never_meet(tables: Tables, tmp_path: Path) -> None:
    from stedi_assets.lakehouse.services import ensure_running, stop

    publish(tables, "s1")
    mine = connect(Settings.load()).services
    assert mine is not None
    try:
        other = ensure_running(tmp_path)
        assert other.s3_url != mine.s3_url
        assert other.secret_key != mine.secret_key
        refused = boto3.client(
            "s3",
            endpoint_url=other.s3_url,
            aws_access_key_id=mine.access_key,
            aws_secret_access_key=mine.secret_key,
        )
        with pytest.raises(refused.exceptions.ClientError, match=r"InvalidAccessKeyId|AccessDenied"):
            refused.list_buckets()
    finally:
        stop(tmp_path)
