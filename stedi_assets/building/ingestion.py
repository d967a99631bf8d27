"""What has to be read for the landing tables to be what the zone holds: all of it, or what changed since.

Here: which manifest the published tables were made from, whether what they hold still holds, keeping new manifests.
Not here: reading (`landing`), how a listing differs from a manifest (`landing.manifest`).

A landing table's version has two parts: what its rows follow from beside the objects, and the objects. A manifest lies
under the version of the table that it belongs to; the quarantine names the versions that it belongs to. So a table
that was published without the others, or rolled back, has no manifest that holds: its source is read as a whole.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stedi_assets.building.standing import standing
from stedi_assets.building.versions import code_version, digest
from stedi_assets.contracts import LANDING_QUARANTINE, SOURCES, Contract
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.lakehouse.objects import (
    UnreadableObjectError,
    delete_objects,
    get_object,
    objects_below,
    put_object,
    read_object,
)
from stedi_assets.lakehouse.publication import LANDING, VERSION, VERSIONS, Published
from stedi_assets.lakehouse.side_by_side import for_each
from stedi_assets.lakehouse.store import MANIFESTS_FOLDER, Store
from stedi_assets.landing.manifest import Changes, DamagedManifestError, Ingested, Manifest, changes, listing_digest

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from stedi_assets.lakehouse.lakehouse import Lakehouse
    from stedi_assets.landing.zone import LandedObject


@dataclass(frozen=True)
class Landed:
    """What the published landing tables were made from.

    zone: its URI; empty if nothing was ever published. versions, manifests: by source; none of a source that has to
    be read as a whole.
    """

    zone: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    manifests: Mapping[str, Manifest] = field(default_factory=dict, repr=False)

    def rules(self, source: str) -> str:
        """What the source's rows follow from beside the objects, as `rules_of_source` tells it."""
        return self.versions.get(source, "").partition("-")[0]


@dataclass(frozen=True)
class Ingestion:
    """What is to be read of one source.

    version: of the table once that is done. kept: what is published and stays in it; None: the source is read as a
    whole.
    """

    source: str
    contract: Contract
    version: str
    changes: Changes
    kept: Published | None

    def without(self, unreadable: Collection[str]) -> "Ingestion":
        """The same where the store cannot return these objects: with them read, the table is of another version."""
        rules, objects, *_ = self.version.split("-")
        parts = [rules, objects, digest({"unreadable": sorted(unreadable)})] if unreadable else [rules, objects]
        return replace(self, version="-".join(parts))

    @property
    def is_done(self) -> bool:
        """Whether the published table is already what the zone holds."""
        return self.kept is not None and self.kept.summary.get(VERSION) == self.version


def published_manifests(summaries: Mapping[str, Mapping[str, str]], s3: Any, store: Store) -> Landed:
    """What the published tables were made from, by the summaries of their snapshots."""
    quarantine = summaries.get(LANDING_QUARANTINE.table)
    if quarantine is None:
        return Landed()
    belonging = json.loads(quarantine.get(VERSIONS, "{}"))
    zone = quarantine.get(LANDING, "")
    versions: dict[str, str] = {}
    manifests: dict[str, Manifest] = {}
    for source, contract in SOURCES.items():
        summary = summaries.get(contract.table, {})
        version = summary.get(VERSION)
        if version is None or belonging.get(source) != version or summary.get(LANDING) != zone:
            continue
        with suppress(DamagedManifestError, UnreadableObjectError):
            content = get_object(s3, _place(store, source, version))
            if content is not None:
                manifests[source] = Manifest.unpacked(content)
                versions[source] = version
    return Landed(zone, versions, manifests)


def rules_of_source(zone: str, suppression: Suppression) -> str:
    """Stands for what a landing table's rows follow from beside the objects."""
    return digest({"code": code_version(), "zone": zone, "suppression": suppression.fingerprint})


def ingestion_of(
    lakehouse: "Lakehouse",
    landed: Landed,
    published: Published | None,
    source: str,
    listed: "Sequence[LandedObject]",
    suppression: Suppression,
) -> Ingestion:
    """What is to be read of a source whose table is `published`. `suppression`: of whom nothing is taken from it."""
    contract = SOURCES[source]
    rules = rules_of_source(lakehouse.zone.uri, suppression)
    share = lakehouse.settings.max_quarantine_share
    version = f"{rules}-{digest({'objects': listing_digest(listed), 'max_quarantine_share': share})}"
    holds = landed.rules(source) == rules and not lakehouse.full
    kept = published if holds else None
    manifest = landed.manifests[source] if holds else Manifest()
    unread = [landed for landed in listed if landed.key in manifest.unreadable and manifest.holds(landed)]
    is_read = for_each(unread, lambda landed: _is_readable(lakehouse.s3, landed), "reading an object again")
    again = {landed.key for landed, is_readable in zip(unread, is_read, strict=True) if is_readable}
    ingestion = Ingestion(source, contract, version, changes(listed, manifest, again), kept)
    return ingestion.without({landed.key for landed in unread} - again)


def _is_readable(s3: Any, landed: "LandedObject") -> bool:
    """Read the object: True where the store returns it now."""
    with suppress(UnreadableObjectError):
        return read_object(s3, landed.bucket, landed.key) is not None
    return False


def unreadable_objects(catalog: "Catalog", s3: Any, store: Store) -> set[str]:
    """The keys of the landed objects that the last run could not read: these have to be brought again.

    None on AWS: S3 repairs what it stores, and a role that delivers need not read the catalog.
    """
    if store.is_aws:
        return set()
    landed = published_manifests(standing(catalog).summaries, s3, store)
    return {key for manifest in landed.manifests.values() for key in manifest.unreadable}


def keep_manifest(lakehouse: "Lakehouse", ingestion: Ingestion, ingested: Sequence[Ingested]) -> None:
    """Keeps what the source's table is made from, before it is published: a manifest alone means nothing."""
    place = _place(lakehouse.store, ingestion.source, ingestion.version)
    put_object(lakehouse.s3, place, Manifest.of(ingested).packed())


def drop_manifests(lakehouse: "Lakehouse", but: Landed) -> None:
    """Deletes every manifest that is not of the published tables: each has the keys of all objects."""
    folder = lakehouse.store.uri(MANIFESTS_FOLDER)
    held = {_place(lakehouse.store, source, version) for source, version in but.versions.items()}
    delete_objects(lakehouse.s3, folder, objects_below(lakehouse.s3, folder).keys() - held)


def _place(store: Store, source: str, version: str) -> str:
    return store.uri(f"{MANIFESTS_FOLDER}/{source}/{version}.json.gz")
