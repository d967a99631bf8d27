"""The landing tables and their quarantine: every landed object, split into rows and quarantined records.

Together they are everything that arrived, so they are split, measured and audited together: a source that is damaged
beyond the configured share stops the run before the first table is published.
"""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stedi_assets.audits.views import rows_of_the_erased
from stedi_assets.building.audited import Audited, audit
from stedi_assets.contracts import CUSTOMER_LANDING, LANDING_QUARANTINE, SOURCES
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Staged
from stedi_assets.landing.zone import LandedObject
from stedi_assets.transforms import landing as transforms

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.erasure.suppression import Suppression


def build_landing(lakehouse: Lakehouse) -> list[Audited]:
    """The four tables, staged and audited, in the order in which they are published: the quarantine first.

    So whatever happens between two publications, no object is in neither table. Raises LandingError.
    """
    from stedi_assets.erasure.serials import theirs_alone

    lakehouse.fill_empty_zone()
    listed = lakehouse.zone.objects_to_ingest()
    objects = {
        source: transforms.listing(lakehouse.spark, [landed for landed in listed if landed.source == source])
        for source in SOURCES
    }
    staged: dict[str, Staged] = {}
    rows: dict[str, DataFrame] = {}
    suppression, limit = lakehouse.suppression, lakehouse.settings.max_object_bytes
    for source, contract in SOURCES.items():
        landed_rows = transforms.landing_rows(objects[source], contract, limit, suppression)
        staged[source] = lakehouse.tables.stage(landed_rows, contract)
        rows[source] = lakehouse.tables.read_staged(staged[source])
        if contract is CUSTOMER_LANDING:  # the first: from here on it is known who has which device now
            suppression = theirs_alone(suppression, rows[source])
    folder = f"{lakehouse.staging}/{uuid.uuid4().hex}"
    try:
        findings = _examine(lakehouse, objects, rows, suppression, folder)
        quarantine = lakehouse.tables.stage(transforms.landing_quarantine(findings), LANDING_QUARANTINE)
        views = {
            "tally": transforms.tally(findings),
            "objects": _objects(lakehouse, listed),
            "quarantine": lakehouse.tables.read_staged(quarantine),
            "erased": transforms.erased(findings),
            **{contract.table: rows[source] for source, contract in SOURCES.items()},
        }
        return [_audited(lakehouse, table, views, suppression) for table in (quarantine, *staged.values())]
    finally:
        lakehouse.tables.delete_folder(folder)


def _audited(
    lakehouse: Lakehouse, staged: Staged, views: "dict[str, DataFrame]", suppression: "Suppression"
) -> Audited:
    theirs = rows_of_the_erased(staged.contract, lakehouse.tables.read_staged(staged), suppression)
    return audit(lakehouse, staged, {**views, "rows_of_the_erased": theirs})


def _objects(lakehouse: Lakehouse, listed: Sequence[LandedObject]) -> "DataFrame":
    return lakehouse.spark.createDataFrame(
        [(o.source, o.bucket, o.key, o.etag, o.bytes) for o in listed], f"source string, {transforms.LISTED}"
    )


def _examine(
    lakehouse: Lakehouse,
    objects: "dict[str, DataFrame]",
    rows: "dict[str, DataFrame]",
    suppression: "Suppression",
    folder: str,
) -> "DataFrame":
    """The findings of a second look at every object, kept in a folder until the step ends: they are read twice."""
    limit = lakehouse.settings.max_object_bytes
    first, *others = (
        transforms.examined(objects[source], rows[source], source, contract, limit, suppression)
        for source, contract in SOURCES.items()
    )
    for other in others:
        first = first.unionByName(other)
    first.write.parquet(folder)
    return lakehouse.spark.read.parquet(folder)
