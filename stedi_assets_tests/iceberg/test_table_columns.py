"""A table's columns in the catalog: brought up to the contract, described, without bounds of what is personal."""

from dataclasses import replace

import pytest
from pyiceberg.catalog import Catalog

from stedi_assets.contracts import STEP_TRAINER_TRUSTED
from stedi_assets.contracts.model import Column
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.support.frames import frame, values
from stedi_assets_tests.support.lake import Lake


@pytest.fixture
def catalog(lake: Lake) -> Catalog:
    return lake.catalog


def publish(tables: Tables, serial: str) -> int:
    rows = frame(tables.spark, STEP_TRAINER_TRUSTED, {"serialnumber": serial})
    return tables.publish(tables.stage(rows, STEP_TRAINER_TRUSTED), "run").snapshot_id


def test_a_column_may_be_added_and_another_dropped(tables: Tables, catalog: Catalog) -> None:
    publish(tables, "s1")
    added = Column("colour", "string", "A new one.", required=False)
    kept = tuple(column for column in STEP_TRAINER_TRUSTED.columns if column.name != "distancefromobject")
    changed = replace(STEP_TRAINER_TRUSTED, columns=(*kept, added))
    staged = tables.stage(frame(tables.spark, changed, {"serialnumber": "s2", "colour": "red"}), changed)
    table = catalog.load_table("stedi.step_trainer_trusted")
    assert "colour" not in table.schema().column_names, "readers see no new column before the publication"
    tables.publish(staged, "run")
    assert values(tables.read(changed), "serialnumber", "colour") == [("s2", "red")]
    table = catalog.load_table("stedi.step_trainer_trusted")
    assert set(table.scan().to_arrow().column_names) == {"sensorreadingtime", "serialnumber", "colour"}


def test_a_column_may_change_its_type(tables: Tables, catalog: Catalog) -> None:
    publish(tables, "s1")
    kept = tuple(column for column in STEP_TRAINER_TRUSTED.columns if column.name != "distancefromobject")
    retyped = replace(STEP_TRAINER_TRUSTED.column("distancefromobject"), type="string")
    changed = replace(STEP_TRAINER_TRUSTED, columns=(*kept, retyped))
    rows = frame(tables.spark, changed, {"serialnumber": "s2", "distancefromobject": "near"})
    tables.publish(tables.stage(rows, changed), "run")
    assert values(tables.read(changed), "distancefromobject") == ["near"]
    found = catalog.load_table("stedi.step_trainer_trusted").scan().to_arrow()
    assert found["distancefromobject"].to_pylist() == ["near"]


def test_snapshots_from_before_a_column_was_added_stay_readable(tables: Tables, catalog: Catalog) -> None:
    first = publish(tables, "s1")
    changed = replace(
        STEP_TRAINER_TRUSTED,
        columns=(*STEP_TRAINER_TRUSTED.columns, Column("colour", "string", "A new one.", required=False)),
    )
    tables.publish(tables.stage(frame(tables.spark, changed, {"serialnumber": "s2"}), changed), "run")
    table = catalog.load_table("stedi.step_trainer_trusted")
    assert table.scan(snapshot_id=first).to_arrow().column_names == list(STEP_TRAINER_TRUSTED.column_names)
    assert table.scan().to_arrow()["serialnumber"].to_pylist() == ["s2"]


def test_no_bounds_of_personal_columns_in_the_metadata(tables: Tables, catalog: Catalog) -> None:
    publish(tables, "s1")
    (task,) = catalog.load_table("stedi.step_trainer_trusted").scan().plan_files()
    schema = catalog.load_table("stedi.step_trainer_trusted").schema()
    bounded = {schema.find_field(field_id).name for field_id in (task.file.lower_bounds or {})}
    assert bounded == {"sensorreadingtime", "distancefromobject"}


def test_column_descriptions_are_in_the_catalog(tables: Tables, catalog: Catalog) -> None:
    publish(tables, "s1")
    schema = catalog.load_table("stedi.step_trainer_trusted").schema()
    assert {f.name: f.doc for f in schema.fields} == {c.name: c.comment for c in STEP_TRAINER_TRUSTED.columns}
