"""The engine: a Spark session, given out by dagster-pyspark's resource.

Here: starting the embedded engine (a Spark Connect server inside this process, no JVM) and the session on it.
Not here: what is computed with it, and where data lies.

What stays open: while a run is on, the engine listens on a random port of 127.0.0.1 and takes no credentials, so that
another user of the same machine who finds the port can run code as the owner of the run. Sail has no setting that
closes it; on a machine shared with people who may not see the data, run under an isolated network or account.
"""

import os
import threading
from typing import Any

from dagster import InitResourceContext
from dagster_pyspark import PySparkResource
from dagster_pyspark.resources import spark_session_from_config
from pyspark.sql import SparkSession

from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.services import Endpoints
from stedi_assets.settings import Settings

_started: dict[str, Any] = {}
_starting = threading.Lock()


def embedded_server_url(endpoints: Endpoints) -> str:
    """The address of this process's embedded engine, started at the first call.

    It takes the store's address when it starts, so another store (another home) means another server.
    """
    with _starting:
        if _started.get("endpoints") != endpoints:
            os.environ.setdefault("RUST_LOG", "error")  # before the import: read once
            from pysail.spark import SparkConnectServer

            _stop_session()
            server = SparkConnectServer()
            server.start(background=True)
            _, port = server.listening_address
            _started.update(endpoints=endpoints, server=server, url=f"sc://127.0.0.1:{port}")
        return str(_started["url"])


def _stop_session() -> None:
    """Ends the session on the server before: getOrCreate would give it out again."""
    if "server" not in _started:
        return
    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()
    _started.pop("server").stop()


def embedded_session(endpoints: Endpoints, spark_config: dict[str, Any] | None = None) -> SparkSession:
    """A session on this process's embedded engine; the same one at each call."""
    configuration = {"spark.remote": embedded_server_url(endpoints), **(spark_config or {})}
    session: SparkSession = spark_session_from_config(configuration)  # type: ignore[no-untyped-call]
    return session


class Engine(PySparkResource):
    """dagster-pyspark's resource on the embedded engine of the home."""

    spark_config: dict[str, Any] = {}  # noqa: RUF012 - a pydantic field, not a shared default

    def setup_for_execution(self, context: InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        self._spark_session = embedded_session(connect(Settings.load()), self.spark_config)
