"""Personal columns are marked in their contracts, and nowhere is that forgotten."""

from pathlib import Path

import pytest
from dagster import AssetKey

from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.definitions import defs
from stedi_assets.documentation import personal_table, with_part
from stedi_assets_tests.support.commands import REPOSITORY
from stedi_assets_tests.support.lake import Lake

IDENTIFYING = {"email", "customername", "phone", "birthday", "serialnumber", "user", "subject_id", "device_id", "raw"}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.table)
def test_what_identifies_is_marked(contract: Contract) -> None:
    assert {column.name for column in contract.columns if column.name in IDENTIFYING and not column.personal} == set()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.table)
def test_the_ui_has_the_contracts_marks(contract: Contract) -> None:
    node = defs.resolve_asset_graph().get(AssetKey([contract.zone, contract.table]))
    columns = node.metadata["dagster/column_schema"].columns
    assert {c.name: "personal" in c.tags for c in columns} == {c.name: c.personal for c in contract.columns}


def test_the_catalog_has_them_too_and_no_bounds_of_such_columns(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    for contract in CONTRACTS:
        table = lake.catalog.load_table(f"stedi.{contract.table}")
        marked = {field.name: (field.doc or "").endswith("Personal data.") for field in table.schema().fields}
        assert marked == {column.name: column.personal for column in contract.columns}
        names = {field.field_id: field.name for field in table.schema().fields}
        bounded = {
            names[field_id]
            for task in table.scan().plan_files()
            for field_id in {**task.file.lower_bounds, **task.file.upper_bounds}
        }
        assert bounded <= {column.name for column in contract.columns if not column.personal}
        assert bounded or not list(table.scan().plan_files()), "other columns have theirs"


def test_the_privacy_page_has_them_too() -> None:
    page = (REPOSITORY / "docs" / "privacy.md").read_text()
    assert with_part(page, "personal columns", personal_table()) == page, "make docs"
