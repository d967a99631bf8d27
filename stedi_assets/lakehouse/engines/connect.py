"""A session on a Spark Connect endpoint, whoever runs it: this process, a JVM beside it, a cluster.

Here: the client's side. Not here: starting servers (`embedded`, `apache_spark`).

An endpoint of the user's own needs, on driver and executors: Python with pyarrow, pandas, numpy and boto3, the S3
connector for s3:// paths, and the store's credentials in their environment (the standard AWS chain). The product's own
modules are sent along; credentials never are.
"""

import logging
import os
import socket
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import grpc
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.connect.client import DefaultChannelBuilder
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.logging import logger
from pyspark.sql.connect.session import SparkSession as ConnectSession

from stedi_assets.lakehouse.engines.errors import EngineError, name_of

PACKAGE = Path(__file__).resolve().parent.parent.parent
# What it logs, the exception says as well, in which the log would quote what the rows hold.
if "SPARK_CONNECT_LOG_LEVEL" not in os.environ:
    logger.setLevel(logging.CRITICAL)
REACH_SECONDS = 20
# About 15 s. The client's own ten minutes wait for a server that comes back, and none does with its sessions.
_RETRIES = 5
_NEVER_MS = 2**31 - 1
_sessions: dict[str, ConnectSession] = {}


class _Channel(DefaultChannelBuilder):
    """The client's channel, that to this machine also by 127.0.0.1.

    By the name `localhost`, the only one that the client sends a token to without TLS, it would ask at [::1] first,
    where another user of the machine may listen.
    """

    def toChannel(self) -> grpc.Channel:  # noqa: N802 - pyspark's name
        if self.use_ssl or self.token is None or self.host != "127.0.0.1":
            return super().toChannel()
        token = grpc.access_token_call_credentials(self.token)
        return self._secure_channel(
            self.endpoint, grpc.composite_channel_credentials(grpc.local_channel_credentials(), token)
        )


class _Opened(_Channel):
    """A channel that is connected already: there is no other way in any more."""

    def __init__(self, url: str, channel: grpc.Channel) -> None:
        super().__init__(url)
        self._opened = channel

    def toChannel(self) -> grpc.Channel:  # noqa: N802 - pyspark's name
        return self._opened


def connect_session(
    url: str, spark_config: Mapping[str, Any], ship_package: bool = False, opened: grpc.Channel | None = None
) -> SparkSession:
    """The session on this endpoint, by `opened` if that is given; the same one at each call. Raises EngineError."""
    if url not in _sessions:
        if opened is None:
            refuse_unreachable(url)
        # As the client's general builder does; that one looks at variables of the environment and quotes the address.
        os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
        builder = ConnectSession.builder.channelBuilder(_Channel(url) if opened is None else _Opened(url, opened))
        for name, value in spark_config.items():
            builder = builder.config(name, value)
        try:
            # Not getOrCreate: that gives out whatever session this process has, on another engine too.
            session = builder.create()
            session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
            session.version  # noqa: B018 - the first answer: until here nothing was asked
            if ship_package:
                _ship(session)
        except (PySparkException, grpc.RpcError) as error:
            raise _silent(url, type(error).__name__) from None
        _sessions[url] = session
    return cast(SparkSession, _sessions[url])


def refuse_unreachable(url: str) -> None:
    """Raises EngineError for an endpoint that refuses, or does not speak gRPC within a short time."""
    try:
        builder = _Channel(url)
    except (PySparkException, ValueError) as error:
        raise _silent(url, type(error).__name__) from None
    host, _, port = builder.endpoint.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _silent(url, (getattr(error, "strerror", None) or str(error)).lower()) from None
    _ready(url, builder.toChannel()).close()


def open_channel(url: str) -> grpc.Channel:
    """A channel that is connected, and by itself is never left idle: its endpoint lets nobody in twice.

    Raises EngineError.
    """
    builder = _Channel(url)
    builder.setChannelOption("grpc.client_idle_timeout_ms", _NEVER_MS)  # else it would part after half an hour
    return _ready(url, builder.toChannel())


def _ready(url: str, channel: grpc.Channel) -> grpc.Channel:
    try:
        grpc.channel_ready_future(channel).result(timeout=REACH_SECONDS)
    except grpc.FutureTimeoutError:
        channel.close()
        raise _silent(url, f"something listens there and does not speak it within {REACH_SECONDS} s") from None
    return channel


def _silent(url: str, found: str) -> EngineError:
    return EngineError(
        f"the engine at {name_of(url)} does not answer as Spark Connect ({found}); "
        "check the address, the token (sc://HOST:PORT/;token=..., by STEDI_ENGINE), and that it runs"
    )


def end_session(url: str, is_lost: bool = False) -> None:
    """Ends the session on this endpoint, if there is one. `is_lost`: without telling a server that is gone."""
    if session := _sessions.pop(url, None):
        session.release_session_on_close = not is_lost
        session.stop()


def _ship(session: ConnectSession) -> None:
    """Sends the product's modules: the functions that workers run refer to them by name."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "stedi_assets.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for module in sorted(PACKAGE.rglob("*.py")):
                archive.write(module, module.relative_to(PACKAGE.parent))
        session.addArtifacts(str(packed), pyfile=True)
