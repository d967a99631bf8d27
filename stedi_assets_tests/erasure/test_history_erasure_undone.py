"""Erasures that are refused or die: nothing changed, or the next one finishes it. On the real store and catalog."""

from typing import Any

import pyarrow as pa
import pytest

from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.erasure import history
from stedi_assets.erasure.data_files import RewrittenFileError
from stedi_assets.erasure.history import NotErasableError
from stedi_assets.erasure.replacement import publish_without
from stedi_assets.lakehouse.objects import ObjectsNotDeletedError, delete_objects, table_objects
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.snapshots import snapshots_of
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.support.erased_tables import (
    ANN,
    BEN,
    CID,
    append,
    append_altered,
    append_deleting,
    assert_vanished,
    erase,
    file_with,
    people,
    publish,
    snapshot_ids,
    table_of,
)
from stedi_assets_tests.support.lake import Lake
from stedi_assets_tests.support.table_bytes import objects_saying


def test_an_erasure_is_refused_when_main_moves_meanwhile(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tables, ANN, BEN)

    def publish_meanwhile(*arguments: Any) -> Any:
        publish(tables, ANN, CID)
        return publish_without(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(history, "publish_without", publish_meanwhile)
        with table_of(tables).transaction() as transaction:
            transaction.remove_properties("commit.retry.num-retries")
        with pytest.raises(PublicationRefusedError, match=r"customer_trusted was published by someone else.*run again"):
            erase(tables)
    assert people(tables) == [ANN, CID]
    assert len(snapshot_ids(tables)) == 2
    needed = {path for snapshot in snapshots_of(table_of(tables)) for path in snapshot.referenced}
    stored = table_objects(lake.s3, table_of(tables).location())
    assert {uri for uri in stored if uri.endswith((".parquet", ".avro"))} == needed
    erase(tables)
    assert people(tables) == [CID]
    assert_vanished(lake, tables)


class DiedError(Exception):
    """The process died here."""


def _die(*arguments: Any) -> Any:
    raise DiedError


@pytest.mark.parametrize("step", ["_remove", "_commit", "_delete_unreferenced"])
def test_an_erasure_that_died_is_finished_by_the_next(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before the commit, and between the commit and the deletion of objects."""
    publish(tables, BEN)
    with_ann = publish(tables, ANN, BEN)
    publish(tables, ANN, CID)
    with table_of(tables).manage_snapshots() as references:
        references.create_tag(with_ann, "release")
    with monkeypatch.context() as patched:
        patched.setattr(history, step, _die)
        with pytest.raises(DiedError):
            erase(tables)
    assert people(tables) == ([CID] if step == "_delete_unreferenced" else [ANN, CID])
    assert objects_saying(lake, table_of(tables).location(), ANN)
    assert erase(tables).rows == 1
    assert (people(tables), set(table_of(tables).refs())) == ([CID], {"main"})
    assert_vanished(lake, tables)


def test_an_erasure_that_died_while_it_deleted_objects_is_finished_by_the_next(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tables, ANN)
    publish(tables, ANN, BEN)

    def half(s3: Any, location: str, uris: list[str]) -> None:
        delete_objects(s3, location, sorted(uris)[::2])
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(history, "delete_objects", half)
        with pytest.raises(DiedError):
            erase(tables)
    assert erase(tables).files_deleted > 0
    assert people(tables) == [BEN]
    assert_vanished(lake, tables)


def test_what_another_tool_left_half_done_is_finished(lake: Lake, tables: Tables) -> None:
    """Rows deleted by an overwrite, nothing expired: the person is in every manifest but in no published row."""
    publish(tables, ANN)
    append(tables, BEN)
    table_of(tables).delete(f"email = '{ANN}'")
    receipt = erase(tables)
    assert (receipt.rows_removed, receipt.rows) == (0, 1)
    assert people(tables) == [BEN]
    assert_vanished(lake, tables)


def test_a_copy_that_still_has_rows_to_go_is_not_published(lake: Lake, tables: Tables) -> None:
    current = publish(tables, ANN, BEN)
    judged: list[int] = []

    def changes_its_mind(piece: pa.Table) -> pa.BooleanArray:
        judged.append(piece.num_rows)
        return pa.array([place == 0 for place in range(piece.num_rows)], pa.bool_())

    with pytest.raises(RewrittenFileError, match="should be 1 rows") as failure:
        erase(tables, erased=changes_its_mind)
    assert judged == [2, 2, 1]
    assert "@" not in str(failure.value)
    assert lake.snapshot(CUSTOMER_TRUSTED) == current


def test_a_table_with_files_elsewhere_is_left_alone(lake: Lake, tables: Tables) -> None:
    """What is not listed under the name that a snapshot has for it would pass for unreferenced."""
    publish(tables, ANN, BEN)
    stored = file_with(lake, tables, ANN)
    table = table_of(tables)
    append_altered(table, stored, 1, stored.replace("/data/", "/data//"))
    before = table_objects(lake.s3, table.location())
    with pytest.raises(NotErasableError, match="1 are not there"):
        erase(tables)
    assert table_objects(lake.s3, table.location()) == before


def test_a_table_with_delete_files_is_left_alone(lake: Lake, tables: Tables) -> None:
    publish(tables, ANN, BEN)
    append_deleting(table_of(tables))
    with pytest.raises(NotErasableError, match="has delete files"):
        erase(tables)
    assert len(snapshot_ids(tables)) == 2


def test_objects_are_deleted_in_batches(lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tables, ANN)
    publish(tables, BEN)
    monkeypatch.setattr("stedi_assets.lakehouse.objects._BATCH", 2)
    assert erase(tables).files_deleted > 4
    assert_vanished(lake, tables)


def test_a_store_that_refuses_to_delete_is_an_error() -> None:
    class Store:
        def delete_objects(self, **request: Any) -> dict[str, Any]:
            return {"Errors": [{"Code": "AccessDenied", "Key": request["Delete"]["Objects"][0]["Key"]}]}

    with pytest.raises(ObjectsNotDeletedError, match=r"1 objects below s3://b/t .* AccessDenied of t/data/1 "):
        delete_objects(Store(), "s3://b/t", ["s3://b/t/data/1"])
