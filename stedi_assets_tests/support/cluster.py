"""A Spark cluster on loopback: a master, two workers and a Connect server, each a process of its own.

Only starting and ending them, for tests. The processes are ended by the ids that were started.
"""

import os
import signal
import subprocess
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from stedi_assets.lakehouse.engines.apache_spark import SparkServer, jvm_environment, spark_home, start_server
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import Settings
from stedi_assets_tests.support.commands import free_port, wait_for

MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"


@dataclass
class Cluster:
    """A running cluster."""

    folder: Path
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    connect: SparkServer | None = None

    @property
    def url(self) -> str:
        """Its Connect server's, with the token."""
        assert self.connect is not None
        return self.connect.url

    def start(self, settings: Settings, store: Store) -> None:
        """Returns when the Connect server answers and both workers are there."""
        port = free_port()
        self._spawn("master", MASTER, "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port()))
        wait_for("the master", lambda: "New state: ALIVE" in self.log("master"))
        master = f"spark://127.0.0.1:{port}"
        for name in ("worker-1", "worker-2"):
            place = ["--host", "127.0.0.1", "--webui-port", str(free_port()), "--work-dir", str(self.folder / name)]
            self._spawn(name, WORKER, *place, "--cores", "1", "--memory", "1g", master)
            wait_for(name, partial(self._has_registered, name))
        more = {"spark.master": master, "spark.executor.memory": "1g", "spark.executor.cores": "1"}
        self.connect = start_server(settings, store, more)

    def _spawn(self, name: str, *words: str) -> None:
        script = spark_home() / "bin" / "spark-class"
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [str(script), *words],
                env={**jvm_environment(java_home()), "SPARK_DAEMON_MEMORY": "512m"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _has_registered(self, name: str) -> bool:
        return "Successfully registered" in self.log(name)

    def log(self, name: str) -> str:
        """What a process has said so far; a process that ended instead is an error."""
        said = (self.folder / f"{name}.log").read_text(errors="replace")
        assert self.processes[name].poll() is None, f"{name} ended: {said[-2000:]}"
        return said

    def kill(self, name: str) -> None:
        """A process dies with all that it started, as a machine does."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def stop(self) -> None:
        if self.connect is not None:
            self.connect.end()
        for name, process in reversed(self.processes.items()):
            if process.poll() is None:
                self.kill(name)
