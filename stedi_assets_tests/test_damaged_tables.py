"""An object of a published version is deleted or damaged: each reader says so in one sentence, one command repairs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import ExecuteInProcessResult
from pyspark.sql import SparkSession

from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CONTRACTS,
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets.lakehouse.damage import damage_of
from stedi_assets.lakehouse.objects import table_objects
from stedi_assets_tests.damaging import (
    DATA_FILE,
    MANIFEST,
    MANIFEST_LIST,
    METADATA,
    delete,
    flip,
    objects_of,
    readers,
    rows_of_all,
    undone,
)
from stedi_assets_tests.faults.said import sentence
from stedi_assets_tests.lake import Lake, bring, failure, receipt_of, snapshots
from stedi_assets_tests.test_upkeep import look_after

LISTED = {"tables"}  # looks at a listing and at manifests
ALL = {"query", "tables", "reading", "batches", "report"}


@pytest.fixture(scope="module")
def published(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Every table, in two versions."""
    lake = Lake()
    lake.drop_tables()
    bring(lake, tmp_path_factory.mktemp("landing"))
    for _ in range(2):
        assert lake.run(full=True).success
    yield lake
    lake.drop_tables()


@pytest.mark.parametrize(
    ("kind", "how", "who"),
    [
        (METADATA, "deleted", LISTED),  # the catalog has a copy of its own
        (METADATA, "changed", set()),
        (MANIFEST_LIST, "deleted", ALL),
        (MANIFEST_LIST, "changed", ALL),
        (MANIFEST, "deleted", ALL),
        (MANIFEST, "changed", ALL),
        (DATA_FILE, "deleted", ALL),
        (DATA_FILE, "changed", ALL - LISTED),
    ],
)
def test_readers_name_the_table_and_the_object(
    published: Lake, tmp_path: Path, kind: str, how: str, who: set[str]
) -> None:
    uri = objects_of(published.catalog.load_table("stedi.customer_trusted"))[kind]
    with undone(published, uri):
        if how == "deleted":
            delete(published, uri)
        else:
            flip(published, uri, 1)
        for name, read in readers(published, CUSTOMER_TRUSTED, tmp_path).items():
            if name not in who:
                read()
                continue
            said = sentence(read)
            assert said.startswith(f"customer_trusted cannot be read: {uri} of its snapshot "), (name, said)
            assert said.endswith("; build the tables again from what landed: stedi run --full")
            assert "\n" not in said
    for read in readers(published, CUSTOMER_TRUSTED, tmp_path).values():
        read()


def test_a_manifest_that_lacks_files_is_noticed(published: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit that was changed can leave a manifest that is decoded, and has other files."""
    table = published.catalog.load_table("stedi.customer_trusted")
    current = table.current_snapshot()
    assert current is not None
    assert current.summary is not None
    assert damage_of(table) is None
    monkeypatch.setitem(current.summary.additional_properties, "total-records", "77")
    damage = damage_of(table)
    assert current.manifest_list in str(damage)
    assert "is damaged" in str(damage)


def test_a_run_of_all_repairs_whatever_is_damaged(published: Lake, tmp_path: Path) -> None:
    """A plain run, upkeep and an erasure refuse, and delete nothing. What history can be read is kept."""
    lake, rows = published, rows_of_all(published)
    tables = {contract: lake.catalog.load_table(f"stedi.{contract.table}") for contract in CONTRACTS}
    before = {contract: objects_of(table) for contract, table in tables.items()}
    kept = {contract: snapshots(lake, contract) for contract in CONTRACTS}
    delete(lake, before[CUSTOMER_LANDING][METADATA])
    delete(lake, before[LANDING_QUARANTINE][MANIFEST_LIST])
    delete(lake, before[CUSTOMER_TRUSTED][MANIFEST])
    delete(lake, before[ACCELEROMETER_TRUSTED][DATA_FILE])
    flip(lake, before[CUSTOMERS_CURATED][MANIFEST], 1)
    flip(lake, before[STEP_TRAINER_TRUSTED][DATA_FILE], 1)
    older = min(tables[MACHINE_LEARNING_CURATED].snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    delete(lake, older.manifest_list)
    left = {contract: table_objects(lake.s3, table.location()) for contract, table in tables.items()}

    refusals = [lake.run(), look_after(lake), lake.forget(lake.request("nobody@x.org"))]
    for result in refusals:
        assert is_one_sentence(result), failure(result)
    assert {contract: table_objects(lake.s3, table.location()) for contract, table in tables.items()} == left

    result = lake.run(full=True)
    assert result.success, failure(result)
    assert rows_of_all(lake) == rows
    for read in readers(lake, CUSTOMER_TRUSTED, tmp_path).values():
        read()
    gone = {contract: len(kept[contract] - snapshots(lake, contract)) for contract in CONTRACTS}
    whole = {contract for contract, count in gone.items() if not count}
    assert whole == {contract for contract in CONTRACTS if contract not in DAMAGED}
    assert {gone[contract] for contract in DAMAGED} == {1}
    assert look_after(lake).success
    assert receipt_of(lake.forget(lake.request("nobody@x.org")))


DAMAGED = {
    LANDING_QUARANTINE,
    CUSTOMER_TRUSTED,
    ACCELEROMETER_TRUSTED,
    CUSTOMERS_CURATED,
    STEP_TRAINER_TRUSTED,
    MACHINE_LEARNING_CURATED,
}


def is_one_sentence(result: ExecuteInProcessResult) -> bool:
    """Whether a job failed with one sentence that names a table and an object."""
    said = failure(result).strip() if not result.success else ""
    return " cannot be read: s3://" in said and "\n" not in said and "stedi run --full" in said
