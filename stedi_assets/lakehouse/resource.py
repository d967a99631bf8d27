"""The lakehouse as a Dagster resource: opened when a run begins, closed when it ends.

Only that: what a run configures, and handing it on. What assets are given is a `Lakehouse`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import ConfigurableResource, InitResourceContext, ResourceDependency
from dagster_aws.s3 import S3Resource
from pydantic import Field

from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.engine import Engine
from stedi_assets.lakehouse.lakehouse import Lakehouse, open_lakehouse
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.lakehouse.unanswered import in_a_sentence
from stedi_assets.policy import policy_of
from stedi_assets.settings import Settings


class StoreS3(S3Resource):
    """dagster-aws's resource. Configured no further, it gives out the process's own client: to make one takes longer
    than many requests."""

    def get_client(self) -> Any:
        return store_client() if self == StoreS3() else super().get_client()


class LakehouseResource(ConfigurableResource[Lakehouse]):
    """The lakehouse of a run. While it is in use the run holds the home's lock."""

    engine: ResourceDependency[Engine]
    s3: ResourceDependency[S3Resource]
    landing: str = Field(default="", description="s3://BUCKET/PREFIX to read instead of the home's landing zone.")
    expect: str = Field(
        default="auto",
        description="Expected rows: reference, none, a JSON file, or auto (reference if the zone holds data/).",
    )
    consent: str = Field(
        default="", description="Consent policy: published or at-reading; empty: as STEDI_CONSENT says."
    )
    serials: str = Field(
        default="", description="Shared serials: published or unambiguous; empty: as STEDI_SERIALS says."
    )

    full: bool = Field(default=False, description="Build and publish every table again, whatever is new or damaged.")

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[Lakehouse]:
        settings = Settings.load()
        policy = policy_of(settings, _started_ms(context), self.consent, self.serials)
        tell = context.log.info if context.log else print
        spark = self.engine.spark_session
        opened = open_lakehouse(settings, policy, spark, self.s3.get_client, self.landing, self.expect, tell, self.full)
        with in_a_sentence(), home_lock(settings, tell), opened as lakehouse:
            yield lakehouse


def _started_ms(context: InitResourceContext) -> int:
    run = context.run
    record = context.instance.get_run_record_by_id(run.run_id) if context.instance and run else None
    started = record.start_time if record and record.start_time else time.time()
    return int(started * 1000)
