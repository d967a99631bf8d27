"""The landing tables and their quarantine: one asset step for all four.

Together they are everything that arrived, so they are split, measured and audited together: a source that is damaged
beyond the configured share stops the run before the first table is published.
"""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dagster import AssetCheckResult, AssetExecutionContext, AssetOut, Failure, MaterializeResult, multi_asset

from stedi_assets.assets.metadata import KINDS, OWNERS, check_specs, declared, key_of
from stedi_assets.assets.publishing import publish_if_sound
from stedi_assets.assets.raw import raw_key
from stedi_assets.assets.withdrawal import tell_who_withdrew
from stedi_assets.audits.views import rows_of_the_erased
from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING, LANDING_QUARANTINE, SOURCES
from stedi_assets.lakehouse.engines.errors import losing
from stedi_assets.lakehouse.publication import Staged
from stedi_assets.lakehouse.resource import Lakehouse
from stedi_assets.landing.zone import LandedObject, LandingError
from stedi_assets.transforms import landing as transforms

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.erasure.suppression import Suppression

LANDING_CONTRACTS = tuple(contract for contract in CONTRACTS if contract.zone == "landing")


@multi_asset(
    name="landing",
    outs={
        contract.table: AssetOut(
            key=key_of(contract),
            description=contract.description,
            group_name=contract.zone,
            owners=OWNERS,
            kinds=KINDS,
            metadata=declared(contract),
            io_manager_key="tables",
        )
        for contract in LANDING_CONTRACTS
    },
    deps=[raw_key(source) for source in SOURCES],
    internal_asset_deps={
        **{contract.table: {raw_key(source)} for source, contract in SOURCES.items()},
        LANDING_QUARANTINE.table: {raw_key(source) for source in SOURCES},
    },
    check_specs=[spec for contract in LANDING_CONTRACTS for spec in check_specs(contract)],
    hooks={tell_who_withdrew},
)
def landing(
    context: AssetExecutionContext, lakehouse: Lakehouse
) -> Iterator[MaterializeResult[Staged] | AssetCheckResult]:
    """Splits every landed object into rows and quarantined records; publishes the four tables once all are sound.

    Each is published by a commit of its own, the quarantine first; only a run that dies between two of them leaves
    some old and some new, and the next one mends it.
    """
    from stedi_assets.erasure.serials import theirs_alone

    if lakehouse.fill_empty_zone():
        context.log.info("the landing zone was empty: filled from %s", lakehouse.settings.data)
    try:
        listed = lakehouse.zone.objects_to_ingest()
    except LandingError as error:
        raise Failure(description=str(error), allow_retries=False) from None
    with losing(lakehouse.settings.engine):
        objects = {
            source: transforms.listing(lakehouse.spark, [landed for landed in listed if landed.source == source])
            for source in SOURCES
        }
        tables = lakehouse.tables
        staged: dict[str, Staged] = {}
        rows: dict[str, DataFrame] = {}
        suppression = lakehouse.suppression
        for source, contract in SOURCES.items():
            landed_rows = transforms.landing_rows(
                objects[source], contract, lakehouse.settings.max_object_bytes, suppression
            )
            staged[source] = tables.stage(landed_rows, contract)
            rows[source] = tables.read_staged(staged[source])
            if contract is CUSTOMER_LANDING:  # the first: from here on it is known who has which device now
                suppression = theirs_alone(suppression, rows[source])
        folder = f"{lakehouse.staging}/{uuid.uuid4().hex}"
        try:
            findings = _examine(lakehouse, objects, rows, suppression, folder)
            quarantine = tables.stage(transforms.landing_quarantine(findings), LANDING_QUARANTINE)
            shared = {
                "tally": transforms.tally(findings),
                "objects": _objects(lakehouse, listed),
                "quarantine": tables.read_staged(quarantine),
                "erased": transforms.erased(findings),
                **{contract.table: rows[source] for source, contract in SOURCES.items()},
            }
            # The quarantine first: whatever happens between two publications, no object is in neither table.
            every = [quarantine, *staged.values()]
            views = {
                table.contract.table: {
                    **shared,
                    "rows_of_the_erased": rows_of_the_erased(table.contract, tables.read_staged(table), suppression),
                }
                for table in every
            }
            yield from publish_if_sound(lakehouse, every, views)
        finally:
            tables.delete_folder(folder)


def _objects(lakehouse: Lakehouse, listed: list[LandedObject]) -> "DataFrame":
    return lakehouse.spark.createDataFrame(
        [(o.source, o.bucket, o.key, o.etag, o.bytes) for o in listed], f"source string, {transforms.LISTED}"
    )


def _examine(
    lakehouse: Lakehouse,
    objects: dict[str, "DataFrame"],
    rows: dict[str, "DataFrame"],
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
