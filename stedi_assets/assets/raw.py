"""The three raw sources as external assets: what devices and the website put into the landing zone."""

from dagster import AssetKey, AssetSpec

from stedi_assets.contracts import SOURCES

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
