"""Messages of what rewrites tables: compaction, expiry, erasure, publishing to another table than was read."""

import time
from typing import Any

import pyarrow as pa
from pyiceberg.types import LongType, StringType

from stedi_assets.audits import Verdict
from stedi_assets.building import rollback, whole
from stedi_assets.contracts import CUSTOMER_LANDING, CUSTOMER_TRUSTED, STEP_TRAINER_TRUSTED
from stedi_assets.erasure import history, raw_objects
from stedi_assets.erasure.raw_objects import without_erased
from stedi_assets.lakehouse.digest import row_digest
from stedi_assets.lakehouse.objects import delete_objects
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.versions import versions_of
from stedi_assets.lakehouse.writing import write_files
from stedi_assets.upkeep import compaction, expiry
from stedi_assets.upkeep.compaction import compact
from stedi_assets.upkeep.expiry import expire
from stedi_assets_tests.cli.test_rollback import back
from stedi_assets_tests.erasure.test_raw_objects import ANN as ONLY_ANN
from stedi_assets_tests.erasure.test_raw_objects import LIMIT, A
from stedi_assets_tests.faults.said import Given, Provoke, refused
from stedi_assets_tests.maintenance.test_upkeep import look_after
from stedi_assets_tests.support.erased_tables import ANN, BEN, CID, append_deleting, erase, publish, table_of
from stedi_assets_tests.support.frames import frame
from stedi_assets_tests.support.lake import failure
from stedi_assets_tests.support.small_files import deliver


def _compacted(given: Given, *, deletes: bool = False) -> str:
    for number in range(10):
        deliver(given.tables, f"p{number}@x.org")
    if deletes:
        append_deleting(table_of(given.tables, CUSTOMER_LANDING))
    return refused(lambda: compact(given.tables, CUSTOMER_LANDING, "run-2"))


def _other_rows(given: Given) -> str:
    given.patch.setattr(compaction, "write_files", lambda rows, *more: write_files(rows.limit(9), *more))
    return _compacted(given)


def _compacted_meanwhile(given: Given) -> str:
    def digest_late(*arguments: Any) -> Any:
        given.patch.undo()
        deliver(given.tables, "late@x.org")
        return row_digest(*arguments)

    given.patch.setattr(compaction, "row_digest", digest_late)
    return _compacted(given)


def _expired_meanwhile(given: Given) -> str:
    publish(given.tables, ANN)
    publish(given.tables, BEN)
    given.patch.setattr(expiry, "versions_of", lambda table: (publish(given.tables, CID), versions_of(table))[1])
    return refused(lambda: expire(given.lake.catalog, CUSTOMER_TRUSTED, int(time.time() * 1000) + 60_000))


def _erased(given: Given, **options: Any) -> str:
    return refused(lambda: erase(given.tables, **options))


def _erased_with_deletes(given: Given) -> str:
    publish(given.tables, ANN, BEN)
    append_deleting(table_of(given.tables))
    return _erased(given)


def _erased_otherwise(given: Given) -> str:
    publish(given.tables, ANN, BEN)
    return _erased(given, erased=lambda piece: pa.array([place == 0 for place in range(piece.num_rows)], pa.bool_()))


def _erased_meanwhile(given: Given) -> str:
    publish(given.tables, ANN, BEN)
    commit = history._commit

    def commit_late(*arguments: Any) -> None:
        publish(Tables(given.lake.catalog, given.tables.spark, given.lake.s3, retention_days=3), CID)
        commit(*arguments)

    given.patch.setattr(history, "_commit", commit_late)
    return _erased(given)


def _came_back(given: Given) -> str:
    """A snapshot with the rows, made between the commit and the deletion of objects."""
    publish(given.tables, ANN, BEN)
    given.patch.setattr(history, "_commit", lambda *_all: None)
    return _erased(given)


def _rewritten_meanwhile(given: Given) -> str:
    def meanwhile(*arguments: Any) -> Any:
        given.lake.put("accelerometer/a.json", "")
        return without_erased(*arguments)

    given.lake.put("accelerometer/a.json", A.decode())
    given.patch.setattr(raw_objects, "without_erased", meanwhile)
    return refused(lambda: raw_objects.rewrite_zone(given.lake.zone, ONLY_ANN, LIMIT))


class _Refusing:
    """A store that deletes nothing."""

    @staticmethod
    def delete_objects(**_request: Any) -> dict[str, Any]:
        return {"Errors": [{"Key": "t/data/1", "Code": "AccessDenied"}]}


def _kept_no_more(given: Given) -> str:
    publish(given.tables, ANN)
    kept = given.tables.published(CUSTOMER_TRUSTED).files
    publish(given.tables, BEN)
    staged = given.tables.stage(
        frame(given.tables.spark, CUSTOMER_TRUSTED, {"email": CID}), CUSTOMER_TRUSTED, kept=kept
    )
    return refused(lambda: given.tables.publish(staged, "run-1"))


def _other_ids(given: Given) -> str:
    read, serial, _ = STEP_TRAINER_TRUSTED.column_names
    rows = frame(given.tables.spark, STEP_TRAINER_TRUSTED, {serial: "s1"})
    given.tables.publish(given.tables.stage(rows, STEP_TRAINER_TRUSTED), "run-1")
    staged = given.tables.stage(rows, STEP_TRAINER_TRUSTED)
    table = table_of(given.tables, STEP_TRAINER_TRUSTED)
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column(read)
    with table.update_schema() as update:
        update.add_column(read, LongType(), STEP_TRAINER_TRUSTED.column(read).comment)
    return refused(lambda: given.tables.publish(staged, "run-1"))


def _back_to(given: Given, *, deletes: bool) -> str:
    """To a version that something else made: with delete files, or with another column."""
    publish(given.tables, ANN)
    if deletes:
        given.patch.setattr(rollback, "_verdicts", lambda *_all: [])
        append_deleting(table_of(given.tables))
    else:
        with table_of(given.tables).update_schema() as update:
            update.add_column("colour", StringType())
        table_of(given.tables).append(pa.table({"email": [BEN]}))
    publish(given.tables, CID)
    return refused(lambda: back(given.lake, given.tables, CUSTOMER_TRUSTED))


def _not_sound(given: Given) -> str:
    found = whole.WholeAudit(CUSTOMER_TRUSTED, [Verdict(CUSTOMER_TRUSTED.table, "grain", "ERROR", False, 0, 1, {})])
    given.patch.setattr(whole, "_landing", lambda *_all: [found])
    return failure(look_after(given.lake))


MESSAGES: dict[str, Provoke] = {
    "what is published does not pass its checks, or passes by other numbers than it did: …: … expected …, found …. …": (
        _not_sound
    ),
    "… should have the rows … after its files were rewritten, and would have …; it was left as it is: run again, …": (
        _other_rows
    ),
    "… was published by someone else while its files were rewritten; it was left as it is: run again": (
        _compacted_meanwhile
    ),
    "… should have data files alone, and its published snapshot has delete files: …. It was left as it is; …": (
        lambda g: _compacted(g, deletes=True)
    ),
    "… changed while its old versions were looked for; nothing was removed: run again": _expired_meanwhile,
    "… should have data files alone, and its published snapshot … has delete files: …. Nothing was deleted; …": (
        _erased_with_deletes
    ),
    "… without … rows should be … rows, none of them to be erased; the copy has …, …. Nothing was changed; …": (
        _erased_otherwise
    ),
    "… was published by someone else while rows were erased from it; nothing was changed: run again": _erased_meanwhile,
    "… changed while rows were erased from it: snapshots …; run again": _came_back,
    "a landing object changed while it was rewritten; nothing of it was overwritten: run again": _rewritten_meanwhile,
    "there is no erasure with this id; an id that stedi forget printed is expected": lambda g: refused(
        lambda: g.lake.registry.request("nobody")
    ),
    "… objects below … should have been deleted, and the store says … of … first; mend that and run again": (
        lambda _: refused(lambda: delete_objects(_Refusing(), "s3://b/t", ["s3://b/t/data/1"]))
    ),
    "… was to keep files that it has no more; nothing was published: run again": _kept_no_more,
    "… was expected to have the table's field ids …, and has …; nothing was published: run again, …": _other_ids,
    "snapshot … has delete files, which nothing here reads": lambda g: _back_to(g, deletes=True),
    "snapshot … of … should have the columns of the contract, and differs in …; build the table anew instead: …": (
        lambda g: _back_to(g, deletes=False)
    ),
}
