"""Upkeep as assets: what was cleared away is their metadata, so that the UI draws it over time.

Here: the four steps in their order, over every table, and what is told of them. Not here: the steps themselves
(`upkeep`, and `building.whole` for the audit).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from dagster import AssetExecutionContext, AssetKey, Failure, MaterializeResult, MetadataValue, ResourceParam, asset

from stedi_assets.assets.metadata import OWNERS, failure
from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.lakehouse.engines.errors import anew_if_undecoded, losing
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import CommitUnknownError, DamagedTableError, PublicationRefusedError
from stedi_assets.lakehouse.store import PIPES_FOLDER
from stedi_assets.settings import GLUE

UPKEEP = "upkeep"  # the group, and the first part of the keys
DONE = "stedi/done"  # what was done, for programs
_DAY_MS = 86_400_000
NOT_COMPACTED_BY_GLUE = (
    "no Glue job rewrites files: run upkeep with an engine here, embedded or spark (STEDI_ENGINE), or have the Glue "
    "Data Catalog compact the tables; versions and orphans were looked after all the same"
)
NOT_AUDITED_BY_GLUE = (
    "no Glue job audits whole tables that are published: run upkeep with an engine here, embedded or spark "
    "(STEDI_ENGINE), or build all with stedi run --full, which does"
)
Result = TypeVar("Result")
Outcome = MaterializeResult[Any]


@asset(
    key=AssetKey([UPKEEP, "whole_audits"]),
    group_name=UPKEEP,
    owners=OWNERS,
    kinds={"iceberg", "pyspark"},
    description="Every check of every published table, asked of the whole of it: runs that find little new audit what "
    "is new, and add it to what was found before. Where one fails, nothing of an older version is cleared away.",
)
def whole_audits(context: AssetExecutionContext, lakehouse: ResourceParam[Lakehouse]) -> Outcome:
    """By the versions that each table was made from, and its policy. A table that the next run makes anew is left."""
    if lakehouse.settings.engine == GLUE:
        return _left_out(context, NOT_AUDITED_BY_GLUE)
    from stedi_assets.building.whole import NotSoundError, audit_published

    with losing(lakehouse.settings.engine), lakehouse.tables.naming_damage():
        try:
            done = anew_if_undecoded(lambda: audit_published(lakehouse), context.log.warning)
        except NotSoundError as error:
            raise failure(str(error), error.failed) from None
    for table in done:
        if table.left_out:
            context.log.warning(f"{table.contract.table} was not audited as a whole: {table.left_out}")
    rows = [(t.contract.table, len(t.verdicts), t.left_out) for t in done]
    return MaterializeResult(
        metadata={
            "stedi/tables": _markdown(("table", "checks that hold", "left out"), rows),
            "stedi/tables_audited": sum(bool(table.verdicts) for table in done),
            DONE: MetadataValue.json(
                {t.contract.table: {"checks": len(t.verdicts), "left_out": t.left_out or None} for t in done}
            ),
        }
    )


@asset(
    key=AssetKey([UPKEEP, "compaction"]),
    group_name=UPKEEP,
    owners=OWNERS,
    kinds={"iceberg", "pyspark"},
    deps=[whole_audits],
    description="Many small files of a table, as deliveries leave them, become few; its rows stay the same, as a "
    "digest of them shows.",
)
def compaction(context: AssetExecutionContext, lakehouse: ResourceParam[Lakehouse]) -> Outcome:
    """The digest of every table that was rewritten is the same before and after, or it is left as it was."""
    if lakehouse.settings.engine == GLUE:
        return _left_out(context, NOT_COMPACTED_BY_GLUE)
    from stedi_assets.upkeep.compaction import compact

    with losing(lakehouse.settings.engine), lakehouse.tables.naming_damage():
        done = _each(lambda contract: compact(lakehouse.tables, contract, context.run_id))
    rewritten = [table for table in done if table.snapshot_id is not None]
    columns = ("table", "files before", "files after", "bytes before", "bytes after", "rows", "digest of the rows")
    rows = [
        (t.table, t.files_before, t.files_after, t.bytes_before, t.bytes_after, t.rows, t.digest or "not rewritten")
        for t in done
    ]
    return MaterializeResult(
        metadata={
            "stedi/tables": _markdown(columns, rows),
            "stedi/tables_rewritten": len(rewritten),
            "stedi/files_before": sum(table.files_before for table in done),
            "stedi/files_after": sum(table.files_after for table in done),
            "stedi/bytes_saved": sum(table.bytes_before - table.bytes_after for table in done),
            DONE: MetadataValue.json(
                {
                    t.table: {
                        "files_before": t.files_before,
                        "files_after": t.files_after,
                        "rows": t.rows,
                        "digest": str(t.digest) if t.digest else None,
                        "snapshot_id": str(t.snapshot_id) if t.snapshot_id else None,
                    }
                    for t in done
                }
            ),
        }
    )


@asset(
    key=AssetKey([UPKEEP, "expired_snapshots"]),
    group_name=UPKEEP,
    owners=OWNERS,
    kinds={"iceberg"},
    deps=[compaction],
    description="Versions of the tables that were replaced longer ago than the retention, and branches that nobody "
    "has written to for as long, go; what a tag is on stays.",
)
def expired_snapshots(lakehouse: ResourceParam[Lakehouse]) -> Outcome:
    """What went can no longer be read or rolled back to."""
    from stedi_assets.upkeep.expiry import expire

    before_ms = _retained_from(lakehouse)
    done = _each(lambda contract: expire(lakehouse.tables.catalog, contract, before_ms))
    columns = ("table", "snapshots removed", "branches removed", "snapshots kept", "of these pinned")
    rows = [(t.table, len(t.snapshots), ", ".join(t.branches), t.kept, t.pinned) for t in done]
    return MaterializeResult(
        metadata={
            "stedi/tables": _markdown(columns, rows),
            "stedi/snapshots_removed": sum(len(table.snapshots) for table in done),
            "stedi/branches_removed": sum(len(table.branches) for table in done),
            "stedi/snapshots_kept": sum(table.kept for table in done),
            "stedi/retention_days": lakehouse.settings.retention_days,
            DONE: MetadataValue.json(
                {
                    t.table: {
                        "snapshots_removed": [str(snapshot) for snapshot in t.snapshots],
                        "branches_removed": list(t.branches),
                        "kept": t.kept,
                    }
                    for t in done
                }
            ),
        }
    )


@asset(
    key=AssetKey([UPKEEP, "orphans"]),
    group_name=UPKEEP,
    owners=OWNERS,
    kinds={"iceberg", "s3"},
    deps=[expired_snapshots],
    description="Objects in the store that no version of a table refers to, left by runs that died or by versions "
    "that went, are deleted, and the space is given back.",
)
def orphans(lakehouse: ResourceParam[Lakehouse]) -> Outcome:
    """By what is referred to at the time of the deletion."""
    from stedi_assets.lakehouse.objects import abort_uploads
    from stedi_assets.upkeep.orphans import Orphans, remove_leftovers, remove_orphans

    # Locally the run holds the lock of the home: nothing is staged. On AWS other machines may be at it.
    before_ms = _now_ms() - _DAY_MS if lakehouse.store.is_aws else None
    retained_ms, tables, s3 = _retained_from(lakehouse), lakehouse.tables, lakehouse.s3
    done: list[Orphans] = _each(lambda contract: remove_orphans(tables.catalog, s3, contract, retained_ms, before_ms))
    lakehouse.held.release()  # it lies in staging, and who asks after this finds it anew
    folders = [*tables.scratch(), lakehouse.staging]
    if lakehouse.store.is_aws:
        folders.append(lakehouse.store.uri(PIPES_FOLDER))
    done += [remove_leftovers(s3, folder, before_ms) for folder in folders]
    # No lock keeps those out who bring data: only an upload that was begun a day ago will not be completed.
    zone = lakehouse.own_zone.uri
    done.append(Orphans(zone, uploads=abort_uploads(s3, zone, begun_before_ms=_now_ms() - _DAY_MS)))
    lakehouse.vacuum()
    columns = ("place", "objects deleted", "bytes", "uploads ended")
    return MaterializeResult(
        metadata={
            "stedi/tables": _markdown(columns, [(o.place, o.objects, o.bytes, o.uploads) for o in done]),
            "stedi/objects_deleted": sum(place.objects for place in done),
            "stedi/bytes_deleted": sum(place.bytes for place in done),
            "stedi/uploads_ended": sum(place.uploads for place in done),
            DONE: MetadataValue.json(
                {p.place: {name: value for name, value in asdict(p).items() if name != "place"} for p in done}
            ),
        }
    )


upkeep = [whole_audits, compaction, expired_snapshots, orphans]


def _left_out(context: AssetExecutionContext, why: str) -> Outcome:
    """A step that the engine cannot do: nothing was done, and why."""
    context.log.warning(why)
    return MaterializeResult(metadata={DONE: MetadataValue.json({}), "stedi/left_out": why})


def _each(work: Callable[[Contract], Result]) -> list[Result]:
    """The work done on every table. What is refused of one stops none of the others: Failure is raised at the end."""
    from stedi_assets.upkeep.orphans import NotTidiedError

    done, refused = [], []
    for contract in CONTRACTS:
        try:
            done.append(work(contract))
        except (PublicationRefusedError, CommitUnknownError, DamagedTableError, NotTidiedError) as error:
            refused.append(str(error))
    if refused:
        raise Failure(description="; ".join(refused), allow_retries=False)
    return done


def _retained_from(lakehouse: Lakehouse) -> int:
    return _now_ms() - lakehouse.settings.retention_days * _DAY_MS


def _now_ms() -> int:
    return int(time.time() * 1000)


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    lines = ["| " + " | ".join(columns) + " |", "| --- |" + " ---: |" * (len(columns) - 1)]
    lines += ["| " + " | ".join(f"{v:,}" if isinstance(v, int) else str(v) for v in row) + " |" for row in rows]
    return MetadataValue.md("\n".join(lines))
