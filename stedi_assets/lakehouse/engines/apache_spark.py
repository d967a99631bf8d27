"""Apache Spark on this machine: a Spark Connect server in a JVM of its own, for as long as this process lives.

Here: its settings, starting and ending it. Not here: Java (`java`), jars (`jars`), the client (`connect`).

It listens on 127.0.0.1 and wants a token that only this process has. Keys reach it by its environment: they are in no
setting, which its pages and event logs would show, and in no argument.
"""

import atexit
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stedi_assets.lakehouse.engines.connect import end_session
from stedi_assets.lakehouse.engines.errors import EngineError
from stedi_assets.lakehouse.engines.jars import jar_settings, note_fetched
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.lakehouse.services import Endpoints
from stedi_assets.settings import Settings

SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
READY_SECONDS = 300.0  # the first start fetches the jars
_PR_SET_PDEATHSIG = 1
_started: dict[str, Any] = {}
_starting = threading.Lock()


def local_server_url(settings: Settings, endpoints: Endpoints) -> str:
    """The address of this process's Apache Spark, started at the first call. Raises EngineError."""
    with _starting:
        running = _started.get("server")
        if running is None or running.poll() is not None or _started["endpoints"] != endpoints:
            stop_local_server()
            server, url = start_server(settings, endpoints, {"spark.master": "local[*]"})
            _started.update(server=server, endpoints=endpoints, url=url)
            atexit.register(stop_local_server)
        return str(_started["url"])


def stop_local_server() -> None:
    """Ends the JVM that this process started, if any."""
    running = _started.pop("server", None)
    if running is not None:
        end_session(_started["url"])
        end(running)


def end(server: "subprocess.Popen[bytes]") -> None:
    """Ends a server by the process that was started."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def start_server(
    settings: Settings, endpoints: Endpoints, more: Mapping[str, str]
) -> tuple["subprocess.Popen[bytes]", str]:
    """A Spark Connect server that answers, and its address with the token. Raises EngineError."""
    from filelock import FileLock

    java = java_home()
    folder = settings.home / "spark"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.cache.mkdir(parents=True, exist_ok=True)
    port, token = _free_port(), secrets.token_urlsafe(32)
    log = folder / f"spark-{port}.log"
    with FileLock(settings.cache / "jars.lock"):  # two first starts would fetch into each other's files
        properties = folder / f"spark-{port}.conf"
        conf = {**server_settings(endpoints, port), **jar_settings(settings.cache), **more}
        properties.write_text("".join(f"{name} {value}\n" for name, value in conf.items()))
        server = subprocess.Popen(
            [*submit(), "--properties-file", str(properties), "--class", SERVER_CLASS, "spark-internal"],
            env={**os.environ, **jvm_environment(java), "SPARK_CONNECT_AUTHENTICATE_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing but a system call
        )
        _wait_until_it_listens(server, port, log)
        note_fetched(settings.cache)
    return server, f"sc://localhost:{port}/;token={token}"


def server_settings(endpoints: Endpoints, port: int) -> dict[str, str]:
    """Where it listens, and how it reaches the store; no secret is among them."""
    return {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.session.timeZone": "UTC",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": endpoints.s3_url,
        "spark.hadoop.fs.s3a.endpoint.region": endpoints.region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"
        ),
    }


def submit() -> list[str]:
    """pyspark's own spark-submit."""
    import pyspark

    return [str(Path(pyspark.__file__).parent / "bin" / "spark-submit")]


def jvm_environment(java: Path) -> dict[str, str]:
    """What Spark's scripts ask for."""
    return {
        "JAVA_HOME": str(java),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def _end_with_parent() -> None:
    """The kernel ends the server if this process dies without doing so itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise EngineError(f"Apache Spark ended as it started; it said: {_last_words(log)} (all of it: {log})")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    end(server)
    raise EngineError(f"Apache Spark was not ready within {READY_SECONDS:g} s; see {log}, and try again")


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "Exception" in line or "ERROR" in line or "not found" in line.lower()]
    return (telling or lines or ["nothing"])[-1][:300]
