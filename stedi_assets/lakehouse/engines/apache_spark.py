"""Apache Spark on this machine: a Spark Connect server in a JVM of its own, for as long as this process lives.

Here: its settings, starting and ending it. Not here: Java (`java`), jars (`jars`), the client (`connect`).

It listens on 127.0.0.1 and wants a token that only this process has. Keys reach it by its environment: they are in no
setting, which its pages and event logs would show, and in no argument.
"""

import atexit
import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from stedi_assets.lakehouse.engines.connect import end_session
from stedi_assets.lakehouse.engines.errors import EngineError
from stedi_assets.lakehouse.engines.jars import jar_settings, note_fetched
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.lakehouse.engines.tended import Tended
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import Settings

_NOT_FOR_IT = ("STEDI_PSEUDONYM_SECRET", "STEDI_ALERT_WEBHOOK", "STEDI_ENGINE")  # secrets, and no business of an engine
SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
READY_SECONDS = 300.0  # the first start fetches the jars
_ENVIRONMENT = "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"
_CHAIN = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
# Its parts have ports on 127.0.0.1 as well: they want a secret, which Spark by itself makes for a master of this kind.
_ALONE = {"spark.master": "local[*]", "spark.authenticate": "true"}
_started: "dict[Store, SparkServer]" = {}  # at most one
_starting = threading.Lock()


@dataclass(frozen=True)
class SparkServer:
    """A Spark Connect server that was started here. `url`: with its token; `folder`: what it keeps while it runs."""

    process: Tended
    url: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "spark.log"

    def end(self) -> None:
        """Ends it. Of one that did not end well the log stays."""
        has_failed = self.process.returncode is not None
        end_session(self.url, is_lost=has_failed)
        self.process.end()
        if has_failed:
            for path in self.folder.iterdir():
                if path != self.log:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def local_server_url(settings: Settings, store: Store) -> str:
    """The address of this process's Apache Spark, started at the first call. Raises EngineError."""
    with _starting:
        running = _started.get(store)
        if running is None or running.process.returncode is not None:
            stop_local_server()
            running = _started[store] = start_server(settings, store, _ALONE)
            atexit.register(stop_local_server)
        return running.url


def stop_local_server() -> None:
    """Ends the JVM that this process started, if any."""
    while _started:
        _started.popitem()[1].end()


def start_server(settings: Settings, store: Store, more: Mapping[str, str]) -> SparkServer:
    """A Spark Connect server that answers. Raises EngineError."""
    from filelock import FileLock

    java, token = java_home(), secrets.token_urlsafe(32)
    remove_left_behind(settings.home / "spark")
    settings.cache.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.cache / "jars.lock"):  # two first starts would fetch into each other's files
        port = _free_port()
        folder = settings.home / "spark" / f"{os.getpid()}-{port}"
        (folder / "local").mkdir(parents=True, mode=0o700)
        properties = folder / "spark.conf"
        conf = {
            **server_settings(store, port),
            **jar_settings(settings.cache),
            "spark.driver.memory": settings.spark_memory,
            "spark.local.dir": str(folder / "local"),
            **more,
        }
        properties.write_text("".join(f"{name} {value}\n" for name, value in conf.items()))
        process = Tended(
            [*submit(), "--properties-file", str(properties), "--class", SERVER_CLASS, "spark-internal"],
            {**jvm_environment(java), "SPARK_CONNECT_AUTHENTICATE_TOKEN": token},
            folder / "spark.log",
        )
        server = SparkServer(process, f"sc://127.0.0.1:{port}/;token={token}", folder)
        _wait_until_it_listens(server, port)
        note_fetched(settings.cache)
    return server


def server_settings(store: Store, port: int) -> dict[str, str]:
    """Where it listens, and how it reaches the store; no secret is among them."""
    return {
        **store_settings(store),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.session.timeZone": "UTC",
    }


def store_settings(store: Store) -> dict[str, str]:
    """How a Spark reaches the store by s3:// paths: with the home's keys by the environment, on AWS by the chain."""
    s3a = {
        "impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "a.endpoint.region": store.region,
        "a.aws.credentials.provider": _CHAIN if store.is_aws else _ENVIRONMENT,
    }
    if store.s3_url is not None:
        is_tls = store.s3_url.startswith("https:")
        s3a |= {
            "a.endpoint": store.s3_url,
            "a.path.style.access": "true",
            "a.connection.ssl.enabled": str(is_tls).lower(),
        }
    return {f"spark.hadoop.fs.s3{'' if name.startswith('a.') else '.'}{name}": value for name, value in s3a.items()}


def submit() -> list[str]:
    """pyspark's own spark-submit."""
    return [str(spark_home() / "bin" / "spark-submit")]


def spark_home() -> Path:
    """The Apache Spark that the pinned pyspark brings."""
    import pyspark

    return Path(pyspark.__file__).parent


def jvm_environment(java: Path) -> dict[str, str]:
    """This process's, without what is set for another Spark and what it has no need of, with what it asks for."""
    others = ("SPARK_", "PYSPARK_", "MASTER", *_NOT_FOR_IT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return {
        **kept,
        "JAVA_HOME": str(java),
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def remove_left_behind(folder: Path) -> None:
    """What servers kept whose processes are gone: shuffled rows among it, which no erasure knows of."""
    for left in folder.glob("[0-9]*-[0-9]*"):
        if not psutil.pid_exists(int(left.name.partition("-")[0])):
            shutil.rmtree(left, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(server: SparkServer, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            is_taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if server.process.returncode is not None:
            said = _last_words(server.log)
            server.end()
            raise EngineError(f"Apache Spark ended as it started; {said} (all of it: {server.log})")
        if is_taken:
            return
        time.sleep(0.1)
    server.process.end()
    raise EngineError(f"Apache Spark was not ready within {READY_SECONDS:g} s; see {server.log}, and try again")


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if any("unresolved dependency" in line for line in lines):
        return (
            "its S3 jars could not be fetched from Maven Central: check the network or proxy, or bring a folder that "
            "was filled elsewhere (STEDI_CACHE)"
        )
    telling = [line for line in lines if "Exception" in line or "ERROR" in line or "not found" in line.lower()]
    return f"it said: {(telling or lines or ['nothing'])[-1][:300]}"
