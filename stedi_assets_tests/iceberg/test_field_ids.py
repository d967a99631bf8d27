"""Published files carry the field ids of their table, whatever became of its columns; others are refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.table import Table
from pyiceberg.types import LongType
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from stedi_assets.contracts import CUSTOMER_TRUSTED, STEP_TRAINER_TRUSTED, Contract
from stedi_assets.contracts.model import Column
from stedi_assets.lakehouse.objects import objects_below, put_object
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.writing import IDS_BY_TABLE, scratch_of
from stedi_assets_tests.support.erased_tables import ANN, BEN, assert_vanished, erase
from stedi_assets_tests.support.erased_tables import publish as publish_people
from stedi_assets_tests.support.field_ids import field_ids, schema_ids, tables_with_other_ids
from stedi_assets_tests.support.frames import frame, values
from stedi_assets_tests.support.lake import Lake, failure, receipt_of

STEPS = STEP_TRAINER_TRUSTED
READ, SERIAL, DISTANCE = STEPS.column_names
WITHOUT_DISTANCE = replace(STEPS, columns=tuple(column for column in STEPS.columns if column.name != DISTANCE))
COLOUR = Column("colour", "string", "A new one.", required=False)


@pytest.fixture
def without_ids(tables: Tables) -> Iterator[None]:
    """The engine as one that writes no field ids."""
    tables.spark.conf.set(IDS_BY_TABLE, "false")
    yield
    tables.spark.conf.set(IDS_BY_TABLE, "true")


def publish(tables: Tables, serial: str, contract: Contract = STEPS, **row: Any) -> int:
    rows = frame(tables.spark, contract, {SERIAL: serial, **row})
    return tables.publish(tables.stage(rows, contract), "run").snapshot_id


def table_of(tables: Tables, contract: Contract = STEPS) -> Table:
    return tables.catalog.load_table(f"stedi.{contract.table}")


def rows_of(tables: Tables, snapshot_id: int | None = None) -> list[dict[str, Any]]:
    """As any Iceberg reader sees them."""
    rows: list[dict[str, Any]] = table_of(tables).scan(snapshot_id=snapshot_id).to_arrow().to_pylist()
    return rows


def scratch(tables: Tables) -> dict[str, int]:
    return objects_below(tables.s3, scratch_of(table_of(tables).location()))


def test_every_file_of_every_table_has_the_tables_ids(lake: Lake, landed: Path) -> None:
    result = lake.run()
    assert result.success, failure(result)
    assert tables_with_other_ids(lake.catalog) == []


def test_a_column_that_comes_goes_or_changes_its_type_has_an_id_of_its_own(tables: Tables) -> None:
    publish(tables, "s1")
    assert schema_ids(table_of(tables)) == {READ: 1, SERIAL: 2, DISTANCE: 3}
    retyped = replace(STEPS.column(DISTANCE), type="string")
    changed = replace(STEPS, columns=(COLOUR, retyped, *WITHOUT_DISTANCE.columns))
    publish(tables, "s2", changed, colour="red", distancefromobject="near")
    assert set(schema_ids(table_of(tables)).values()) == {1, 2, 4, 5}
    assert tables_with_other_ids(tables.catalog, (changed,)) == []
    assert values(tables.read(changed), SERIAL, DISTANCE, "colour") == [("s2", "near", "red")]


def test_older_snapshots_are_read_with_the_columns_that_they_had(tables: Tables) -> None:
    first = publish(tables, "s1", distancefromobject=7)
    publish(tables, "s2", WITHOUT_DISTANCE)
    assert [(row[SERIAL], row[DISTANCE]) for row in rows_of(tables, first)] == [("s1", 7)]
    assert [row[SERIAL] for row in rows_of(tables)] == ["s2"]
    third = publish(tables, "s3", distancefromobject=8)  # under the name of the dropped one, another column
    assert [(row[SERIAL], row[DISTANCE]) for row in rows_of(tables, third)] == [("s3", 8)]
    assert [(row[SERIAL], row[DISTANCE]) for row in rows_of(tables, first)] == [("s1", 7)]


def test_a_file_with_other_ids_is_never_published(tables: Tables) -> None:
    publish(tables, "s1")
    staged = tables.stage(frame(tables.spark, STEPS, {SERIAL: "s2"}), STEPS)
    with table_of(tables).update_schema(allow_incompatible_changes=True) as update:
        update.delete_column(READ)
    with table_of(tables).update_schema() as update:
        update.add_column(READ, LongType(), STEPS.column(READ).comment)
    with pytest.raises(PublicationRefusedError, match=r"field ids \{'sensorreadingtime': 4\}, and has .*: 1\}"):
        tables.publish(staged, "run")
    assert [row[SERIAL] for row in rows_of(tables)] == ["s1"]
    publish(tables, "s3")
    assert [row[SERIAL] for row in rows_of(tables)] == ["s3"]


def test_files_without_ids_are_read_by_their_names(tables: Tables, without_ids: None) -> None:
    publish(tables, "s1", distancefromobject=7)
    assert field_ids(table_of(tables)) == [dict.fromkeys(STEPS.column_names)]
    assert [(row[SERIAL], row[DISTANCE]) for row in rows_of(tables)] == [("s1", 7)]


def test_the_types_written_are_the_rows_own(tables: Tables) -> None:
    """A wider type would pass into the table unseen if the writer cast it: the audit has to see it."""
    rows = frame(tables.spark, STEPS, {SERIAL: "s1"})
    rows = rows.withColumn(DISTANCE, F.col(DISTANCE).cast("bigint")).withColumn(READ, F.lit("noon"))
    found = dict(tables.read_staged(tables.stage(rows, STEPS)).dtypes)
    assert found == {READ: "string", SERIAL: "string", DISTANCE: "bigint"}


def test_what_is_little_is_one_file(tables: Tables) -> None:
    """What comes beside files that stay, and what is made from little: every query opens each file of a table."""
    row = frame(tables.spark, STEPS, {SERIAL: "s1"}).drop(READ)
    rows = tables.spark.range(1000).repartition(16, "id").withColumnRenamed("id", READ).crossJoin(row)
    published = tables.publish(tables.stage(rows, STEPS), "run")
    tables.read(STEPS)
    for staged in (
        tables.stage(rows, STEPS, kept=published.files),
        tables.stage(rows, STEPS, upstream=(STEPS.table,)),
    ):
        assert len(staged.files) == 1
        assert tables.read_new(staged).count() == 1000


def test_nothing_stays_of_what_the_engine_notes(tables: Tables) -> None:
    staged = tables.stage(frame(tables.spark, STEPS, {SERIAL: "s1"}), STEPS)
    assert sorted(objects_below(tables.s3, staged.folder)) == list(staged.files)
    assert scratch(tables) == {}
    failing = frame(tables.spark, STEPS, {SERIAL: "s1"}).withColumn(SERIAL, F.raise_error(F.lit("no")))
    with pytest.raises(PySparkException):
        tables.stage(failing, STEPS)
    assert scratch(tables) == {}


def test_an_erasure_keeps_the_ids(lake: Lake, tables: Tables) -> None:
    publish_people(tables, ANN, BEN)
    assert erase(tables).rows_removed == 1
    assert tables_with_other_ids(tables.catalog, (CUSTOMER_TRUSTED,)) == []
    assert_vanished(lake, tables)


def test_an_erasure_takes_what_a_dead_run_noted(lake: Lake, tables: Tables) -> None:
    publish_people(tables, ANN, BEN)
    folder = scratch_of(table_of(tables, CUSTOMER_TRUSTED).location())
    put_object(tables.s3, f"{folder}/dead/metadata/manifest.avro", f"from {ANN}".encode())
    receipt_of(lake.forget(lake.request(ANN)))
    assert objects_below(tables.s3, folder) == {}
