"""The embedded engine: a Spark Connect server inside this process, no JVM.

Here: starting it and the session on it. Not here: what is computed with it, and where data lies.

It takes no credentials and listens on a random port of 127.0.0.1, where another user of the machine could run code as
the owner of this process. So the port is closed (`door`) as soon as this process is connected, and an engine to which
somebody else is connected by then is ended before anything is asked of it. What stays open: some milliseconds between
the two, for one who finds the port, does his harm and leaves within them.
"""

import os
import threading
from typing import Any

from pyspark.sql import SparkSession

from stedi_assets.lakehouse.engines.connect import connect_session, end_session, open_channel
from stedi_assets.lakehouse.engines.door import refuse_strangers, shut
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.writing import IDS_BY_TABLE

# By itself Sail ends a session that asks nothing for a quarter of an hour, and there is no other: the port is shut.
_LONGEST_IDLE_SECONDS = 365 * 24 * 3600

_started: dict[str, Any] = {}
_starting = threading.Lock()


def embedded_session(store: Store, spark_config: dict[str, Any] | None = None) -> SparkSession:
    """The session on this process's embedded engine, started at the first call; the same one at each.

    The engine takes the store's address when it starts, so another store (another home) means another engine; and it
    never has a second session, so does one that somebody stopped. Raises EngineError.
    """
    # On AWS credentials may be renewed under way: then the chain, which the engine asks for itself, renews them.
    where = (store.s3_url, store.region, os.environ.get("AWS_ACCESS_KEY_ID"))
    with _starting:
        if _started.get("where") != where or _started["session"].is_stopped:
            stop_embedded()
            _started.update(_start({IDS_BY_TABLE: "true", **(spark_config or {})}), where=where)
        session: SparkSession = _started["session"]
        return session


def stop_embedded() -> None:
    """Ends this process's engine and the session on it, if any."""
    if "server" in _started:
        end_session(_started["url"])
        _started["server"].stop()
    _started.clear()


def _start(spark_config: dict[str, Any]) -> dict[str, Any]:
    """A server, its address, and the only session that it will ever have."""
    os.environ.setdefault("RUST_LOG", "error")  # read by the server when it is made
    os.environ["SAIL_SPARK__SESSION_TIMEOUT_SECS"] = str(_LONGEST_IDLE_SECONDS)
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start(background=True)
    address = server.listening_address
    assert address is not None
    url = f"sc://{address[0]}:{address[1]}"
    try:
        channel = open_channel(url)
        shut(address)
        refuse_strangers(address)
        session = connect_session(url, spark_config, opened=channel)
        refuse_strangers(address)  # again: one that was just being let in had no number yet
    except BaseException:
        end_session(url)
        server.stop()
        raise
    return {"server": server, "url": url, "session": session}
