"""The landing tables and their quarantine: every landed object, split into rows and quarantined records.

Together they are everything that arrived, so they are split, measured and audited together: a source that is damaged
beyond the configured share stops the run before the first table is published. Only what is new or changed is read
(`ingestion`), and of a table that is appended to the audit looks at that alone (`accounts`).
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stedi_assets.building.accounts import Accounts, ingested_of
from stedi_assets.building.audited import Built, Current, current
from stedi_assets.building.ingestion import (
    Ingestion,
    drop_manifests,
    ingestion_of,
    keep_manifest,
    published_manifests,
)
from stedi_assets.building.versions import digest
from stedi_assets.contracts import CUSTOMER_LANDING, LANDING_QUARANTINE, SOURCES
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import VERSION, VERSIONS, Published, Staged
from stedi_assets.lakehouse.side_by_side import for_each
from stedi_assets.transforms import landing as transforms

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.erasure.suppression import Suppression
    from stedi_assets.landing.manifest import Ingested
    from stedi_assets.landing.zone import LandedObject


@dataclass(frozen=True)
class _Read:
    """A source once it is read. table: staged, or published as it is to be. rows: all of it."""

    ingestion: Ingestion
    table: Staged | Current
    rows: "DataFrame"


def build_landing(
    lakehouse: Lakehouse, seen: "Callable[[Sequence[LandedObject]], object] | None" = None
) -> list[Built]:
    """The four tables, staged and audited, in the order in which they are published: the quarantine first.

    So whatever happens between two publications, no object is in neither table. A table that is published as it is to
    be is not staged. `seen` is told of the objects that lie in the zone. Raises LandingError.
    """
    lakehouse.fill_empty_zone()
    listed = lakehouse.zone.objects_to_ingest()
    if seen is not None:
        seen(listed)
    folder = f"{lakehouse.staging}/{uuid.uuid4().hex}"
    try:
        return _built(lakehouse, listed, folder)
    finally:
        lakehouse.tables.delete_folder(folder)


def _built(lakehouse: Lakehouse, listed: "Sequence[LandedObject]", folder: str) -> list[Built]:
    """`folder`: for what is found while objects are read. Each source's records, those that do not fit too, are judged
    by who is known to be erased when it is read."""
    from stedi_assets.erasure.serials import theirs_alone
    from stedi_assets.lakehouse.writing import data_files  # the graph is loaded without the catalog's library

    published = _published(lakehouse)
    summaries = {table: one.summary for table, one in published.items()}
    landed = published_manifests(summaries, lakehouse.s3, lakehouse.store)
    drop_manifests(lakehouse, but=landed)
    suppression = lakehouse.suppression
    read: dict[str, _Read] = {}
    for source, contract in SOURCES.items():
        objects = [one for one in listed if one.source == source]
        ingestion = ingestion_of(lakehouse, landed, published.get(contract.table), source, objects, suppression)
        read[source] = _read(lakehouse, ingestion, suppression, folder)
        if contract is CUSTOMER_LANDING:  # the first: from here on it is known who has which device now
            suppression = theirs_alone(suppression, read[source].rows)
    before = published.get(LANDING_QUARANTINE.table)
    quarantine = current(lakehouse, LANDING_QUARANTINE, before, digest(_versions(read)))
    if quarantine is not None and all(isinstance(one.table, Current) for one in read.values()):
        return [quarantine, *(one.table for one in read.values() if isinstance(one.table, Current))]
    findings = transforms.findings(lakehouse.spark, sorted(data_files(lakehouse.s3, folder)))
    return _audited(lakehouse, listed, read, before, findings, suppression)


def _published(lakehouse: Lakehouse) -> dict[str, Published]:
    """What readers see of the four now, by table; none of those that were never published."""
    contracts = (*SOURCES.values(), LANDING_QUARANTINE)
    found = for_each(contracts, lakehouse.tables.find_published, "looking up a table")
    return {contract.table: one for contract, one in zip(contracts, found, strict=True) if one is not None}


def _versions(read: Mapping[str, _Read]) -> dict[str, str]:
    return {source: one.ingestion.version for source, one in read.items()}


def _read(lakehouse: Lakehouse, ingestion: Ingestion, suppression: "Suppression", folder: str) -> _Read:
    """Stages what the source's table lacks, beside what stays of it."""
    contract, kept = ingestion.contract, ingestion.kept
    published = lakehouse.tables.read(contract) if kept else None
    if ingestion.is_done and (done := current(lakehouse, contract, kept, ingestion.version)):
        assert published is not None
        return _Read(ingestion, done, published)
    objects = transforms.listing(lakehouse.spark, ingestion.changes.fresh)
    look = transforms.Look(ingestion.source, folder)
    rows = transforms.landing_rows(objects, contract, lakehouse.settings.max_object_bytes, suppression, look)
    files = kept.files if kept else ()
    if published is not None and ingestion.changes.gone:
        rows, files = transforms.without(published, ingestion.changes.gone).unionByName(rows), ()
    staged = lakehouse.tables.stage(rows, contract, kept=files)
    return _Read(ingestion, staged, lakehouse.tables.read_staged(staged))


def _audited(
    lakehouse: Lakehouse,
    listed: "Sequence[LandedObject]",
    read: Mapping[str, _Read],
    before: Published | None,
    findings: "DataFrame",
    suppression: "Suppression",
) -> list[Built]:
    """The four tables with the verdicts on those that are staged. `before`: the published quarantine."""
    changes = {source: one.ingestion.changes for source, one in read.items()}
    ingested = ingested_of(changes, findings)
    read = {source: _without_unreadable(one, ingested[source]) for source, one in read.items()}
    quarantine = _stage_quarantine(lakehouse, read, before, findings)
    for source, one in read.items():
        keep_manifest(lakehouse, one.ingestion, ingested[source])
    rows = {one.ingestion.contract.table: one.rows for one in read.values()}
    kept = {one.ingestion.contract.table: one.ingestion.kept for one in read.values()}
    accounts = Accounts(lakehouse, listed, ingested, changes, lakehouse.tables.read_staged(quarantine))
    return [
        table
        if isinstance(table, Current)
        else accounts.audited(table, rows, kept.get(table.contract.table), suppression)
        for table in (quarantine, *(one.table for one in read.values()))
    ]


def _without_unreadable(read: _Read, ingested: "Sequence[Ingested]") -> _Read:
    """With the version of a table that lacks the objects which the store could not return."""
    ingestion = read.ingestion.without({entry.key for entry in ingested if entry.is_unreadable})
    if isinstance(read.table, Staged):
        read.table.facts[VERSION] = ingestion.version
    return replace(read, ingestion=ingestion)


def _stage_quarantine(
    lakehouse: Lakehouse, read: Mapping[str, _Read], published: Published | None, findings: "DataFrame"
) -> Staged:
    """What is in quarantine already and stays, and what was found now."""
    rows = transforms.landing_quarantine(findings)
    stays = [source for source, one in read.items() if one.ingestion.kept is not None]
    gone = [key for source in stays for key in read[source].ingestion.changes.gone]
    files: tuple[str, ...] = ()
    if published is not None and len(stays) == len(read) and not gone:
        files = published.files
    elif published is not None and stays:
        before = lakehouse.tables.read(LANDING_QUARANTINE)
        rows = transforms.without(before.where(before["source"].isin(stays)), gone).unionByName(rows)
    staged = lakehouse.tables.stage(rows, LANDING_QUARANTINE, kept=files)
    versions = _versions(read)
    staged.facts |= {VERSION: digest(versions), VERSIONS: json.dumps(versions, sort_keys=True)}
    return staged
