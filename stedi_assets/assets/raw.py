"""The three raw sources as external assets: what devices and the website put into the landing zone.

Here: the assets, and what Dagster is told of what lies there now: their data version stands for the listing, so that
the landing tables show as stale when something has landed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dagster import AssetExecutionContext, AssetKey, AssetMaterialization, AssetSpec, DagsterInstance

from stedi_assets.contracts import SOURCES
from stedi_assets.landing.manifest import listing_digest
from stedi_assets.landing.zone import LandedObject

DATA_VERSION_TAG = "dagster/data_version"
_ARRIVES = {
    "customer": "Customer records from the website and the fulfilment site, as JSON objects in the landing zone.",
    "accelerometer": "Motion readings from the mobile app, as JSON objects in the landing zone.",
    "step_trainer": "Step readings from the IoT stream of the step trainers, as JSON objects in the landing zone.",
}


def raw_key(source: str) -> AssetKey:
    """The asset key of a source: raw/SOURCE."""
    return AssetKey(["raw", source])


raw_sources = [
    AssetSpec(raw_key(source), description=_ARRIVES[source], group_name="raw", kinds={"s3", "json"})
    for source in SOURCES
]


@dataclass(frozen=True)
class Listing:
    """What of a source lies in the zone: the version stands for it (`listing_digest`)."""

    version: str
    objects: int


def listings_of(landed: Sequence[LandedObject]) -> dict[str, Listing]:
    """The listings of all sources, by all that the zone holds."""
    by_source = {source: [one for one in landed if one.source == source] for source in SOURCES}
    return {source: Listing(listing_digest(objects), len(objects)) for source, objects in by_source.items()}


def landings(instance: DagsterInstance, listings: Mapping[str, Listing]) -> list[AssetMaterialization]:
    """What Dagster does not know yet: an event for each source that is not as it was when it was last told of.

    No observations: whether a table is stale is judged by observations only where Dagster itself makes them.
    """
    return [
        AssetMaterialization(
            raw_key(source),
            description=f"{listing.objects:,} objects lie in the landing zone",
            tags={DATA_VERSION_TAG: listing.version},
            metadata={"stedi/objects": listing.objects},
        )
        for source, listing in listings.items()
        if _known(instance, raw_key(source)) != listing.version
    ]


def tell_what_lies(context: AssetExecutionContext, landed: Sequence[LandedObject]) -> None:
    """Tells Dagster what a step has found in the zone, before what the step makes of it."""
    for event in landings(context.instance, listings_of(landed)):
        context.instance.report_runless_asset_event(event)
    # Of what a step reads Dagster has noted the versions when it began: it has to look again.
    for source in SOURCES:
        context.get_step_execution_context().wipe_input_asset_version_info(raw_key(source))


def _known(instance: DagsterInstance, key: AssetKey) -> str | None:
    entry = instance.get_latest_materialization_event(key)
    told = entry.asset_materialization if entry else None
    return dict(told.tags or {}).get(DATA_VERSION_TAG) if told else None
