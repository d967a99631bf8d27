"""The embedded engine: a Spark Connect server inside this process, no JVM.

Here: starting it and the session on it. Not here: what is computed with it, and where data lies.

What stays open: while a run is on, the engine listens on a random port of 127.0.0.1 and takes no credentials, so that
another user of the same machine who finds the port can run code as the owner of the run. Sail has no setting that
closes it; on a machine shared with people who may not see the data, run under an isolated network or account, or with
STEDI_ENGINE=spark, whose port wants a token.
"""

import os
import threading
from typing import Any

from pyspark.sql import SparkSession

from stedi_assets.lakehouse.engines.connect import connect_session, end_session
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.writing import IDS_BY_TABLE

_started: dict[str, Any] = {}
_starting = threading.Lock()


def embedded_server_url(store: Store) -> str:
    """The address of this process's embedded engine, started at the first call.

    It takes the store's address when it starts, so another store (another home) means another server.
    """
    # On AWS credentials may be renewed under way: then the chain, which the engine asks for itself, renews them.
    where = (store.s3_url, store.region, os.environ.get("AWS_ACCESS_KEY_ID"))
    with _starting:
        if _started.get("where") != where:
            os.environ.setdefault("RUST_LOG", "error")  # before the import: read once
            from pysail.spark import SparkConnectServer

            if "server" in _started:
                end_session(_started["url"])
                _started.pop("server").stop()
            server = SparkConnectServer()
            server.start(background=True)
            _, port = server.listening_address
            _started.update(where=where, server=server, url=f"sc://127.0.0.1:{port}")
        return str(_started["url"])


def embedded_session(store: Store, spark_config: dict[str, Any] | None = None) -> SparkSession:
    """A session on this process's embedded engine; the same one at each call."""
    return connect_session(embedded_server_url(store), {IDS_BY_TABLE: "true", **(spark_config or {})})
