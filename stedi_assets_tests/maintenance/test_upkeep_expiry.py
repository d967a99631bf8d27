"""Old versions, stale branches and orphans go; what people pinned, and what is current, stays readable."""

import time

import pytest
from pyiceberg.table import Table

from stedi_assets.contracts import CUSTOMER_TRUSTED, CUSTOMERS_CURATED
from stedi_assets.lakehouse.objects import put_object, stored_below, table_objects
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.snapshots import snapshots_of
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.versions import Version, versions_of
from stedi_assets.upkeep import expiry
from stedi_assets.upkeep.expiry import Expiry, expire
from stedi_assets.upkeep.orphans import NotTidiedError, Orphans, remove_leftovers, remove_orphans
from stedi_assets_tests.support.erased_tables import (
    ANN,
    BEN,
    CID,
    append_altered,
    file_with,
    people,
    publish,
    snapshot_ids,
    table_of,
)
from stedi_assets_tests.support.lake import Lake


def later() -> int:
    """A moment that everything so far is older than."""
    return int(time.time() * 1000) + 60_000


def test_versions_go_and_what_is_pinned_stays(lake: Lake, tables: Tables) -> None:
    tagged, branched, replaced, current = (publish(tables, who) for who in (ANN, BEN, CID, ANN))
    with table_of(tables).manage_snapshots() as references:
        references.create_tag(tagged, "thesis").create_branch(branched, "trial")
    kept = Expiry("customer_trusted", kept=4, pinned=2)
    assert expire(lake.catalog, CUSTOMER_TRUSTED, versions_of(table_of(tables))[-1].made_ms) == kept
    done = expire(lake.catalog, CUSTOMER_TRUSTED, later())
    assert done == Expiry("customer_trusted", (replaced, branched), ("trial",), kept=2, pinned=1)
    assert remove_orphans(lake.catalog, lake.s3, CUSTOMER_TRUSTED, later(), None).objects > 4
    assert (snapshot_ids(tables), set(table_of(tables).refs())) == ([tagged, current], {"main", "thesis"})
    assert (people(tables, tagged), people(tables)) == ([ANN], [ANN])
    assert expire(lake.catalog, CUSTOMER_TRUSTED, later()) == Expiry("customer_trusted", kept=2, pinned=1)
    publish(tables, BEN)
    assert people(tables) == [BEN]


def test_a_version_is_kept_for_as_long_as_it_was_replaced(lake: Lake, tables: Tables) -> None:
    """However old it is: what was published for a month and replaced an hour ago can be gone back to."""
    first, _ = publish(tables, ANN), publish(tables, BEN)
    replaced = versions_of(table_of(tables))[0].made_ms
    assert expire(lake.catalog, CUSTOMER_TRUSTED, replaced).snapshots == ()
    assert expire(lake.catalog, CUSTOMER_TRUSTED, replaced + 1).snapshots == (first,)


def test_a_young_branch_stays_with_what_is_on_it(lake: Lake, tables: Tables) -> None:
    publish(tables, ANN)
    branched = publish(tables, BEN)
    with table_of(tables).manage_snapshots() as references:
        references.create_branch(branched, "trial")
    publish(tables, CID)
    made = table_of(tables).snapshot_by_id(branched).timestamp_ms  # type: ignore[union-attr]
    done = expire(lake.catalog, CUSTOMER_TRUSTED, made)
    assert (done.branches, done.kept) == ((), 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expiry, "_stale_branches", lambda *_: ())
        assert len(expire(lake.catalog, CUSTOMER_TRUSTED, later()).snapshots) == 1
    assert people(tables, branched) == [BEN]


def test_a_table_that_changes_meanwhile_loses_nothing(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(tables, ANN)
    publish(tables, BEN)

    def publish_meanwhile(table: Table) -> list[Version]:
        publish(tables, CID)
        return versions_of(table)

    monkeypatch.setattr(expiry, "versions_of", publish_meanwhile)
    with pytest.raises(PublicationRefusedError, match="nothing was removed"):
        expire(lake.catalog, CUSTOMER_TRUSTED, later())
    assert (people(tables, first), people(tables)) == ([ANN], [CID])


def test_only_what_nothing_refers_to_is_deleted(lake: Lake, tables: Tables) -> None:
    publish(tables, ANN)
    publish(tables, BEN)
    referenced = {path for snapshot in snapshots_of(table_of(tables)) for path in snapshot.referenced}
    location = table_of(tables).location()
    beside = file_with(lake, tables, BEN).rpartition("/")[0]
    tables.stage(tables.read(CUSTOMER_TRUSTED), CUSTOMER_TRUSTED)  # of a run that dies here
    left = [f"{beside}/part-9.parquet", f"{location}/metadata/dead-m0.avro", f"{location}/metadata/v0.metadata.json"]
    notes = f"{location}/metadata/of-another-engine.stats"
    for uri in (*left, notes):
        put_object(lake.s3, uri, b"left")
    bucket, prefix = location.removeprefix("s3://").split("/", 1)
    lake.s3.create_multipart_upload(Bucket=bucket, Key=f"{prefix}/data/dead/part-0.parquet")
    young = int(time.time() * 1000) - 86_400_000
    assert remove_orphans(lake.catalog, lake.s3, CUSTOMER_TRUSTED, 0, young) == Orphans("customer_trusted")
    versions = {uri for uri in table_objects(lake.s3, location) if uri.endswith(".metadata.json")} - {left[2]}
    done = remove_orphans(lake.catalog, lake.s3, CUSTOMER_TRUSTED, 0, None)
    assert (done.objects, done.uploads) == (4, 1)
    assert table_objects(lake.s3, location) == {*referenced, *versions, notes}
    remove_orphans(lake.catalog, lake.s3, CUSTOMER_TRUSTED, later(), None)
    assert table_objects(lake.s3, location) == {*referenced, table_of(tables).metadata_location, notes}
    assert remove_orphans(lake.catalog, lake.s3, CUSTOMER_TRUSTED, later(), None) == Orphans("customer_trusted")
    publish(tables, CID)
    assert people(tables) == [CID]
    assert remove_orphans(lake.catalog, lake.s3, CUSTOMERS_CURATED, 0, None) == Orphans("customers_curated")


def test_a_table_with_files_elsewhere_is_left_alone(lake: Lake, tables: Tables) -> None:
    publish(tables, ANN)
    stored = file_with(lake, tables, ANN)
    append_altered(table_of(tables), stored, 1, stored.replace("/data/", "/data//"))
    put_object(lake.s3, f"{stored}.left.parquet", b"left")
    before = table_objects(lake.s3, table_of(tables).location())
    with pytest.raises(NotTidiedError, match="1 are not there"):
        remove_orphans(lake.catalog, lake.s3, CUSTOMER_TRUSTED, later(), None)
    assert table_objects(lake.s3, table_of(tables).location()) == before


def test_a_run_s_own_folders_are_emptied(lake: Lake) -> None:
    folder = f"s3://{lake.store.bucket}/staging-of-a-test"
    put_object(lake.s3, f"{folder}/dead/part-0.parquet", b"left")
    before = int(time.time() * 1000) - 86_400_000
    assert remove_leftovers(lake.s3, folder, before).objects == 0
    assert remove_leftovers(lake.s3, folder, None) == Orphans(folder, 1, 4)
    assert stored_below(lake.s3, folder) == {}
