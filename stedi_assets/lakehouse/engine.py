"""The engine as a Dagster resource: a Spark session, given out by dagster-pyspark's resource.

Here: that resource. Not here: the engines themselves (`engines`), what is computed with them, where data lies.
"""

from typing import Any

from dagster import InitResourceContext
from dagster_pyspark import PySparkResource

from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.engines import session_on
from stedi_assets.settings import GLUE, Settings


class Engine(PySparkResource):
    """dagster-pyspark's resource on the engine that the settings name; with Glue there is no session: jobs have one."""

    spark_config: dict[str, Any] = {}  # noqa: RUF012 - a pydantic field, not a shared default

    def setup_for_execution(self, context: InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        settings = Settings.load()
        if settings.engine != GLUE:
            self._spark_session = session_on(settings, connect(settings), self.spark_config)
