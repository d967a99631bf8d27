"""A session on a Spark Connect endpoint, whoever runs it: this process, a JVM beside it, a cluster.

Here: the client's side. Not here: starting servers (`embedded`, `apache_spark`).

An endpoint of the user's own needs, on driver and executors: Python with pyarrow, pandas, numpy and boto3, the S3
connector for s3:// paths, and the store's credentials in their environment (the standard AWS chain). The product's own
modules are sent along; credentials never are.
"""

import socket
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grpc import RpcError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from stedi_assets.lakehouse.engines.errors import EngineError

PACKAGE = Path(__file__).resolve().parent.parent.parent
DEFAULT_PORT = 15002
REACH_SECONDS = 20
_sessions: dict[str, SparkSession] = {}


def connect_session(url: str, spark_config: Mapping[str, Any], ship_package: bool = False) -> SparkSession:
    """The session on this endpoint; the same one at each call. Raises EngineError."""
    if url not in _sessions:
        _refuse_unreachable(url)
        builder = SparkSession.builder.remote(url)
        for name, value in spark_config.items():
            builder = builder.config(name, value)
        try:
            # Not getOrCreate: that gives out whatever session this process has, on another engine too.
            session = builder.create()
            session.version  # noqa: B018 - the first answer: until here nothing was asked
            if ship_package:
                _ship(session)
        except (PySparkException, RpcError) as error:
            raise _silent(url, type(error).__name__) from None
        _sessions[url] = session
    return _sessions[url]


def _refuse_unreachable(url: str) -> None:
    """The client would try for ten minutes."""
    host, _, port = name_of(url).removeprefix("sc://").partition(":")
    try:
        socket.create_connection((host, int(port or DEFAULT_PORT)), timeout=REACH_SECONDS).close()
    except (OSError, ValueError) as error:
        raise _silent(url, (getattr(error, "strerror", None) or str(error)).lower()) from None


def _silent(url: str, found: str) -> EngineError:
    return EngineError(
        f"the engine at {name_of(url)} does not answer as Spark Connect ({found}); "
        "check the address, the token (sc://HOST:PORT/;token=..., by STEDI_ENGINE), and that it runs"
    )


def end_session(url: str) -> None:
    """Ends the session on this endpoint, if there is one."""
    if session := _sessions.pop(url, None):
        session.stop()


def name_of(engine: str) -> str:
    """The engine as reports and messages name it: of an address nothing but the place, as a token may follow."""
    return engine.partition("/;")[0].rstrip("/")


def _ship(session: SparkSession) -> None:
    """Sends the product's modules: the functions that workers run refer to them by name."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "stedi_assets.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for module in sorted(PACKAGE.rglob("*.py")):
                archive.write(module, module.relative_to(PACKAGE.parent))
        session.addArtifacts(str(packed), pyfile=True)
