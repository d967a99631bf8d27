"""Erasure from a table and all of its history, on the real store and catalog."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pyiceberg.manifest import ManifestEntryStatus, ManifestFile
from pyiceberg.table.update.snapshot import _FastAppendFiles

from stedi_assets.contracts import ACCELEROMETER_TRUSTED, CUSTOMER_TRUSTED
from stedi_assets.erasure.history import TableReceipt
from stedi_assets.lakehouse.snapshots import snapshots_of
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.support.erased_tables import (
    ANN,
    BEN,
    CID,
    append,
    assert_vanished,
    erase,
    file_with,
    people,
    publish,
    snapshot_ids,
    table_of,
)
from stedi_assets_tests.support.frames import frame, values
from stedi_assets_tests.support.lake import Lake
from stedi_assets_tests.support.table_bytes import objects_saying


def test_a_person_vanishes_from_all_that_was_ever_published(lake: Lake, tables: Tables) -> None:
    before_ann = publish(tables, BEN)
    older = publish(tables, ANN, BEN)
    current = publish(tables, ANN, BEN, CID, facts={"stedi.note": "kept"})
    assert objects_saying(lake, table_of(tables).location(), ANN)
    others = [row for row in lake.rows(CUSTOMER_TRUSTED) if ANN not in row]
    receipt = erase(tables)
    assert receipt == TableReceipt(
        table="customer_trusted",
        rows_removed=1,
        snapshots_removed=(older, current),
        files_deleted=receipt.files_deleted,
        snapshot_before=current,
        snapshot_id=lake.snapshot(CUSTOMER_TRUSTED),
        rows=2,
    )
    assert receipt.files_deleted > 4
    assert lake.rows(CUSTOMER_TRUSTED) == others
    assert snapshot_ids(tables) == [before_ann, receipt.snapshot_id]
    assert people(tables, before_ann) == [BEN]
    assert_vanished(lake, tables)


def test_every_reader_reads_what_is_left(lake: Lake, tables: Tables) -> None:
    publish(tables, ANN, BEN, ANN, contract=ACCELEROMETER_TRUSTED, facts={"stedi.note": "kept"})
    erase(tables, ACCELEROMETER_TRUSTED)
    published = tables.published(ACCELEROMETER_TRUSTED)
    noted = {name: published.summary[name] for name in ("stedi.run-id", "stedi.note", "stedi.erasure")}
    assert (published.rows, len(published.files)) == (1, 1)
    assert noted == {"stedi.run-id": "run-1", "stedi.note": "kept", "stedi.erasure": "e-1"}
    tables.loaded.clear()  # another run reads it
    assert values(tables.read(ACCELEROMETER_TRUSTED), "user", "z") == [(BEN, -1.0)]
    scan = table_of(tables, ACCELEROMETER_TRUSTED).scan()
    assert scan.to_duckdb("found").sql('SELECT "user", z FROM found').fetchall() == [(BEN, -1.0)]
    assert_vanished(lake, tables, ACCELEROMETER_TRUSTED)
    publish(tables, CID, contract=ACCELEROMETER_TRUSTED)
    assert lake.rows(ACCELEROMETER_TRUSTED, "user") == [CID]


def test_files_without_the_person_stay_as_they_are(lake: Lake, tables: Tables) -> None:
    publish(tables, BEN)
    append(tables, ANN, CID)
    files = {task.file.file_path: task.file.record_count for task in table_of(tables).scan().plan_files()}
    untouched = next(path for path, rows in files.items() if rows == 1)
    receipt = erase(tables)
    assert (receipt.rows_removed, receipt.rows) == (1, 2)
    assert untouched in tables.published(CUSTOMER_TRUSTED).files
    assert people(tables) == [BEN, CID]
    assert_vanished(lake, tables)


def test_a_person_of_old_snapshots_only_leaves_the_readers_rows_alone(lake: Lake, tables: Tables) -> None:
    """An overwrite names what it deletes; so the published manifests change, and no row does."""
    publish(tables, ANN)
    publish(tables, BEN)
    rows, files = lake.rows(CUSTOMER_TRUSTED), tables.published(CUSTOMER_TRUSTED).files
    receipt = erase(tables)
    assert (receipt.rows_removed, receipt.rows, len(receipt.snapshots_removed)) == (0, 1, 2)
    assert receipt.snapshot_id != receipt.snapshot_before
    assert (lake.rows(CUSTOMER_TRUSTED), tables.published(CUSTOMER_TRUSTED).files) == (rows, files)
    assert tables.published(CUSTOMER_TRUSTED).summary["stedi.run-id"] == "run-1"
    assert_vanished(lake, tables)


def test_a_snapshot_that_does_not_name_the_person_stays_published(lake: Lake, tables: Tables) -> None:
    old = [publish(tables, ANN), publish(tables, BEN)]
    with table_of(tables).transaction() as transaction, transaction.update_snapshot().fast_append():
        pass
    current = lake.snapshot(CUSTOMER_TRUSTED)
    receipt = erase(tables)
    assert list(receipt.snapshots_removed) == old
    assert receipt.snapshot_before == receipt.snapshot_id == current
    assert_vanished(lake, tables)


def test_nothing_to_erase_changes_nothing(lake: Lake, tables: Tables) -> None:
    ids = [publish(tables, BEN), publish(tables, CID)]
    with table_of(tables).manage_snapshots() as references:
        references.create_tag(ids[0], "first")
    receipt = erase(tables)
    assert receipt == TableReceipt("customer_trusted", snapshot_before=ids[1], snapshot_id=ids[1], rows=1)
    assert (snapshot_ids(tables), set(table_of(tables).refs())) == (ids, {"main", "first"})


def test_branches_and_tags_that_pin_the_person_go(lake: Lake, tables: Tables) -> None:
    first = publish(tables, BEN)
    second = publish(tables, ANN)
    third = publish(tables, ANN, BEN)
    with table_of(tables).manage_snapshots() as references:
        references.create_branch(second, "audit").create_tag(third, "release").create_tag(first, "before")
    assert erase(tables).refs_removed == ("audit", "release")
    assert set(table_of(tables).refs()) == {"main", "before"}
    assert_vanished(lake, tables)


def test_what_dead_runs_left_goes(lake: Lake, tables: Tables) -> None:
    publish(tables, BEN)
    tables.stage(frame(tables.spark, CUSTOMER_TRUSTED, {"email": ANN}), CUSTOMER_TRUSTED)
    location = table_of(tables).location()
    bucket, prefix = location.removeprefix("s3://").split("/", 1)
    upload = {"Bucket": bucket, "Key": f"{prefix}/data/dead/part-0.parquet"}
    upload["UploadId"] = lake.s3.create_multipart_upload(**upload)["UploadId"]
    lake.s3.upload_part(**upload, PartNumber=1, Body=ANN.encode())
    receipt = erase(tables)
    assert receipt.files_deleted > 0
    assert receipt.snapshot_before == receipt.snapshot_id
    assert "Uploads" not in lake.s3.list_multipart_uploads(Bucket=bucket, Prefix=f"{prefix}/")
    assert_vanished(lake, tables)


@pytest.mark.parametrize("published_since", [False, True])
def test_no_column_bound_tells_of_the_person(lake: Lake, tables: Tables, published_since: bool) -> None:
    publish(tables, BEN)
    append(tables, ANN, CID, with_bounds=True)
    if published_since:
        publish(tables, BEN, CID)
    location = table_of(tables).location()
    assert any(key.endswith(".avro") for key in objects_saying(lake, location, ANN))
    erase(tables)
    assert people(tables) == [BEN, CID]
    assert_vanished(lake, tables)


def test_bounds_of_a_file_that_is_long_gone_go_too(lake: Lake, tables: Tables) -> None:
    """Its snapshots were expired and its objects deleted, but the published manifests still name it."""
    publish(tables, BEN)
    append(tables, ANN, with_bounds=True)
    old = snapshot_ids(tables)
    publish(tables, BEN, CID)
    table_of(tables).maintenance.expire_snapshots().by_ids(old).commit()
    bucket, _, key = file_with(lake, tables, ANN).removeprefix("s3://").partition("/")
    lake.s3.delete_object(Bucket=bucket, Key=key)
    assert objects_saying(lake, table_of(tables).location(), ANN)
    receipt = erase(tables)
    assert (receipt.rows_removed, receipt.rows) == (0, 2)
    assert_vanished(lake, tables)


def test_a_manifest_that_names_deleted_files_beside_others_is_replaced(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tables, BEN)
    append(tables, ANN, with_bounds=True)
    publish(tables, BEN, CID)

    def in_one(append: Any, manifests: list[ManifestFile]) -> list[ManifestFile]:
        with append.new_manifest_writer(append.spec(0)) as writer:
            for entry in (e for m in manifests for e in m.fetch_manifest_entry(append._io, discard_deleted=False)):
                deleted = entry.status == ManifestEntryStatus.DELETED
                entry.status = ManifestEntryStatus.DELETED if deleted else ManifestEntryStatus.EXISTING
                writer.add_entry(entry)
        return [writer.to_manifest_file()]

    with monkeypatch.context() as patched:
        patched.setattr(_FastAppendFiles, "_process_manifests", in_one)
        patched.setattr(ManifestFile, "has_existing_files", lambda manifest: True)
        with table_of(tables).transaction() as transaction, transaction.update_snapshot().fast_append():
            pass
    (manifest,) = snapshots_of(table_of(tables))[-1].manifests.values()
    assert {entry.status for entry in manifest} == {ManifestEntryStatus.DELETED, ManifestEntryStatus.EXISTING}
    receipt = erase(tables)
    assert (receipt.rows_removed, receipt.rows) == (0, 2)
    assert people(tables) == [BEN, CID]
    assert_vanished(lake, tables)


def test_a_table_may_become_empty(lake: Lake, tables: Tables) -> None:
    publish(tables, ANN)
    receipt = erase(tables)
    assert (receipt.rows_removed, receipt.rows) == (1, 0)
    assert tables.published(CUSTOMER_TRUSTED).files == ()
    assert people(tables) == []
    assert_vanished(lake, tables)
    publish(tables, BEN)
    assert people(tables) == [BEN]


def test_no_row_of_a_foreign_snapshot_stays(lake: Lake, tables: Tables) -> None:
    def is_foreign(summary: Mapping[str, str]) -> bool:
        return summary.get("stedi.key") == "lost"

    foreign = publish(tables, CID, facts={"stedi.key": "lost"})
    current = publish(tables, BEN, facts={"stedi.key": "known"})
    receipt = erase(tables, is_foreign=is_foreign)
    assert (receipt.rows_removed, receipt.rows, receipt.snapshots_removed) == (0, 1, (foreign, current))
    assert objects_saying(lake, table_of(tables).location(), CID) == []
    publish(tables, CID, facts={"stedi.key": "lost"})
    receipt = erase(tables, is_foreign=is_foreign)
    assert (receipt.rows_removed, receipt.rows) == (1, 0)
    receipt = erase(tables, is_foreign=is_foreign)
    assert (receipt.snapshots_removed, receipt.snapshot_id) == ((), receipt.snapshot_before)


def test_old_snapshots_are_judged_by_columns_that_the_table_no_longer_has(lake: Lake, tables: Tables) -> None:
    before_ann = publish(tables, BEN)
    with_ann = publish(tables, ANN, BEN)
    kept = tuple(column for column in CUSTOMER_TRUSTED.columns if column.name not in {"email", "customername"})
    changed = replace(CUSTOMER_TRUSTED, columns=kept)
    rows = frame(tables.spark, changed, {"serialnumber": "s1"})
    current = tables.publish(tables.stage(rows, changed), "run-2").snapshot_id
    assert erase(tables, changed).snapshots_removed == (with_ann, current)
    assert snapshot_ids(tables)[0] == before_ann
    assert lake.rows(changed, "serialnumber") == ["s1"]
    assert_vanished(lake, tables)


def test_a_table_that_is_not_there_has_nothing_to_erase(lake: Lake, tables: Tables) -> None:
    assert erase(tables) == TableReceipt("customer_trusted")
    tables.stage(frame(tables.spark, CUSTOMER_TRUSTED, {"email": ANN}), CUSTOMER_TRUSTED)
    receipt = erase(tables)
    assert receipt == TableReceipt("customer_trusted", files_deleted=receipt.files_deleted)
    assert_vanished(lake, tables)
