"""The definitions that Dagster loads: assets, the jobs and schedules, resources.

Here: putting together what the other modules define. Loading this starts no engine and no server: resources do, when
a run begins.
"""

from typing import Any

from dagster import Definitions, in_process_executor, map_asset_specs

from stedi_assets.assets.insight import insights
from stedi_assets.assets.landing import landing
from stedi_assets.assets.raw import raw_sources
from stedi_assets.assets.tables import tables
from stedi_assets.assets.upkeep import upkeep
from stedi_assets.automation import automated, automation
from stedi_assets.jobs import stedi_forget, stedi_insight, stedi_lakehouse, stedi_upkeep
from stedi_assets.lakehouse.engine import Engine
from stedi_assets.lakehouse.io_manager import IcebergIOManager
from stedi_assets.lakehouse.resource import LakehouseResource, StoreS3
from stedi_assets.schedules import nightly_upkeep
from stedi_assets.sensors.arrivals import arrivals
from stedi_assets.sensors.failures import failures


def build_definitions(resources: dict[str, Any] | None = None) -> Definitions:
    """The definitions; a test may put resources of its own in the place of some."""
    # Configured at launch: only such a resource is set up once and shared by those that it is nested in. A run has
    # to see one Lakehouse, or the snapshots that it has read would be known in one place and missing in the other.
    engine, s3 = Engine.configure_at_launch(), StoreS3()
    lakehouse = LakehouseResource.configure_at_launch(engine=engine, s3=s3)
    return Definitions(
        assets=map_asset_specs(automated, [*raw_sources, landing, *tables, *insights, *upkeep]),
        jobs=[stedi_lakehouse, stedi_insight, stedi_forget, stedi_upkeep],
        schedules=[nightly_upkeep],
        sensors=[arrivals, automation, failures],
        # One process, one engine, one lock: steps share a session, and a run is the unit that waits for its turn.
        executor=in_process_executor,
        resources={
            "pyspark": engine,
            "s3": s3,
            "lakehouse": lakehouse,
            "tables": IcebergIOManager(lakehouse=lakehouse),  # type: ignore[arg-type] # it gives out a Lakehouse
            **(resources or {}),
        },
    )


defs = build_definitions()
