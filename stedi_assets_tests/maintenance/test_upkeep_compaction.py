"""Compaction on the real store and engine: fewer files, the same rows, the same facts; or nothing at all."""

from typing import Any

import pytest

from stedi_assets.contracts import CUSTOMER_LANDING
from stedi_assets.lakehouse.digest import row_digest
from stedi_assets.lakehouse.objects import table_objects
from stedi_assets.lakehouse.publication import CHECKS, RUN_ID, UPKEEP, UPSTREAM, VERSION, PublicationRefusedError
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.writing import write_files
from stedi_assets.upkeep import compaction
from stedi_assets.upkeep.compaction import Compaction, compact
from stedi_assets.upkeep.orphans import remove_orphans
from stedi_assets_tests.support.erased_tables import ANN, append_deleting, assert_vanished, erase, table_of
from stedi_assets_tests.support.field_ids import tables_with_other_ids
from stedi_assets_tests.support.lake import Lake
from stedi_assets_tests.support.small_files import deliver

FACTS = {VERSION: "v-1", CHECKS: '{"grain":["ERROR",true,0,0]}', UPSTREAM: "{}", "stedi.consent": "published"}
PEOPLE = [f"p{number}@x.org" for number in range(10)]


@pytest.fixture
def delivered(tables: Tables) -> int:
    """Ten deliveries; the id of the last one's snapshot."""
    for person in PEOPLE[:-1]:
        deliver(tables, person, facts={RUN_ID: "run-1"})
    return deliver(tables, PEOPLE[-1], facts={RUN_ID: "run-1", **FACTS})


def test_many_small_files_become_one_of_the_same_rows(lake: Lake, tables: Tables, delivered: int) -> None:
    rows = lake.rows(CUSTOMER_LANDING)
    done = compact(tables, CUSTOMER_LANDING, "run-2")
    assert (done.files_before, done.files_after, done.rows) == (10, 1, 10)
    assert done.bytes_after < done.bytes_before
    published = tables.published(CUSTOMER_LANDING)
    assert (published.snapshot_id, len(published.files)) == (done.snapshot_id, 1)
    assert lake.rows(CUSTOMER_LANDING) == rows
    assert row_digest(tables.read_published(CUSTOMER_LANDING, published)) == done.digest
    assert {name: published.summary[name] for name in FACTS} == FACTS
    assert (published.summary[RUN_ID], published.summary[UPKEEP]) == ("run-2", "compaction")
    assert tables_with_other_ids(tables.catalog, (CUSTOMER_LANDING,)) == []
    table = table_of(tables, CUSTOMER_LANDING)
    assert table.scan(snapshot_id=delivered).to_arrow().num_rows == 10, "what it was before stays readable"
    (task,) = table.scan().plan_files()
    personal = {table.schema().find_field(c.name).field_id for c in CUSTOMER_LANDING.columns if c.personal}
    assert not personal & {*(task.file.lower_bounds or ())}
    again = compact(tables, CUSTOMER_LANDING, "run-3")
    assert (again.files_after, again.snapshot_id) == (1, None)


def test_a_file_that_is_not_small_stays_as_it_is(lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tables, *(f"{number:0100}@x.org" for number in range(2000)))
    (large,) = table_of(tables, CUSTOMER_LANDING).scan().plan_files()
    for person in PEOPLE[:5]:
        deliver(tables, person)
    monkeypatch.setattr(compaction, "SMALL_BYTES", large.file.file_size_in_bytes)
    rows = lake.rows(CUSTOMER_LANDING)
    done = compact(tables, CUSTOMER_LANDING, "run-2")
    assert (done.files_before, done.files_after) == (6, 2)
    assert large.file.file_path in tables.published(CUSTOMER_LANDING).files
    assert lake.rows(CUSTOMER_LANDING) == rows


def test_few_files_and_no_table_are_left_alone(tables: Tables) -> None:
    assert compact(tables, CUSTOMER_LANDING, "run-2") == Compaction("customer_landing")
    for person in PEOPLE[:4]:
        last = deliver(tables, person)
    assert compact(tables, CUSTOMER_LANDING, "run-2").snapshot_id is None
    assert tables.published(CUSTOMER_LANDING).snapshot_id == last


@pytest.mark.parametrize("broken", ["a row is lost", "a value is changed"])
def test_rows_that_would_not_be_the_same_are_not_published(
    lake: Lake, tables: Tables, delivered: int, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def write_wrong(rows: Any, *arguments: Any) -> Any:
        wrong = rows.limit(9) if broken == "a row is lost" else rows.replace("p3@x.org", "p4@x.org")
        return write_files(wrong, *arguments)

    monkeypatch.setattr(compaction, "write_files", write_wrong)
    location = table_of(tables, CUSTOMER_LANDING).location()
    before = table_objects(lake.s3, location)
    with pytest.raises(PublicationRefusedError, match="should have the rows 10-") as refused:
        compact(tables, CUSTOMER_LANDING, "run-2")
    assert "@" not in str(refused.value)
    assert lake.snapshot(CUSTOMER_LANDING) == delivered
    assert lake.rows(CUSTOMER_LANDING, "email") == PEOPLE
    assert table_objects(lake.s3, location) == before


def test_a_table_that_is_published_meanwhile_is_left_to_who_published_it(
    lake: Lake, tables: Tables, delivered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest_late(*arguments: Any) -> Any:
        monkeypatch.setattr(compaction, "row_digest", row_digest)
        deliver(tables, "late@x.org")
        return row_digest(*arguments)

    monkeypatch.setattr(compaction, "row_digest", digest_late)
    with pytest.raises(PublicationRefusedError, match="customer_landing was published by someone else"):
        compact(tables, CUSTOMER_LANDING, "run-2")
    assert lake.rows(CUSTOMER_LANDING, "email") == ["late@x.org", *PEOPLE]
    table = table_of(tables, CUSTOMER_LANDING)
    stored = {uri for uri in table_objects(lake.s3, f"{table.location()}/data") if uri.endswith(".parquet")}
    assert stored == {task.file.file_path for task in table.scan().plan_files()}


def test_a_table_with_delete_files_is_left_alone(tables: Tables, delivered: int) -> None:
    append_deleting(table_of(tables, CUSTOMER_LANDING))
    with pytest.raises(PublicationRefusedError, match="has delete files"):
        compact(tables, CUSTOMER_LANDING, "run-2")


def test_what_a_compaction_that_died_left_goes_with_the_next_upkeep(
    lake: Lake, tables: Tables, delivered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = table_of(tables, CUSTOMER_LANDING).location()
    before = table_objects(lake.s3, location)
    with monkeypatch.context() as patch:
        _die(patch, tables)
        with pytest.raises(KeyboardInterrupt):
            compact(tables, CUSTOMER_LANDING, "run-2")
    assert len(table_objects(lake.s3, location) - before) == 1
    assert remove_orphans(lake.catalog, lake.s3, CUSTOMER_LANDING, 0, None).objects == 1
    assert table_objects(lake.s3, location) == before
    assert compact(tables, CUSTOMER_LANDING, "run-3").files_after == 1


def _die(patch: pytest.MonkeyPatch, tables: Tables) -> None:
    """Where the files are written and not yet published; a process that is killed deletes nothing."""

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    patch.setattr(compaction, "_publish", killed)
    patch.setattr(tables, "delete_folder", lambda folder: None)


def test_who_is_erased_vanishes_from_what_was_compacted(lake: Lake, tables: Tables) -> None:
    for person in (ANN, *PEOPLE):
        deliver(tables, person, facts=FACTS)
    compact(tables, CUSTOMER_LANDING, "run-2")
    assert erase(tables, CUSTOMER_LANDING).rows_removed == 1
    assert_vanished(lake, tables, CUSTOMER_LANDING)
    summary = tables.published(CUSTOMER_LANDING).summary
    assert not {UPKEEP, VERSION, CHECKS} & {*summary}, "these were true of other rows"
