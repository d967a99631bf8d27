"""Apache Spark with Hive's catalog and Hive's JSON SerDe: the nearest to Athena's raw tables that runs here.

A process of its own, as a classic session and the Connect client of the other tests do not share one. Only starting
it, asking it and ending it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock

from stedi_assets.lakehouse.engines.apache_spark import jvm_environment
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.settings import Settings
from stedi_assets_tests.support.commands import REPOSITORY

# The SerDe alone: what it is made with comes with pyspark, and of the same version.
SERDE_JAR = "ivy://org.apache.hive.hcatalog:hive-hcatalog-core:2.3.10?transitive=false"


class HiveError(RuntimeError):
    """A statement that failed, with what was said."""


class Hive:
    """A session with a metastore and a warehouse in `folder`. The jar is fetched once, into the cache."""

    def __init__(self, folder: Path) -> None:
        cache = Settings.load().cache
        cache.mkdir(parents=True, exist_ok=True)
        with (folder / "spark.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(folder), str(cache / "hive")],
                env={**jvm_environment(java_home()), "PYTHONPATH": str(REPOSITORY)},
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            with FileLock(cache / "jars.lock"):
                self.sql(f"ADD JAR '{SERDE_JAR}'")
        except HiveError:
            self.end()
            raise

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of a statement. Raises HiveError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "it has ended: see spark.log"}')
        if "error" in answer:
            raise HiveError(answer["error"])
        return [tuple(row) for row in answer["rows"]]

    def end(self) -> None:
        """Its JVM ends with it."""
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def _serve(folder: Path, ivy: Path) -> None:
    """A JSON string with a statement on each line that comes in, its rows on each that goes out."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the JVM says what it likes on standard output

    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={folder}")
        .config("spark.jars.ivy", str(ivy))
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.hadoop.javax.jdo.option.ConnectionURL", "jdbc:derby:;databaseName=metastore;create=true")
        .config("spark.hadoop.mapreduce.input.fileinputformat.input.dir.recursive", "true")  # as Athena always does
        .enableHiveSupport()
        .getOrCreate()
    )
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"rows": [list(row) for row in session.sql(json.loads(line)).collect()]}
        except Exception as error:
            answer = {"error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    session.stop()


if __name__ == "__main__":
    _serve(*map(Path, sys.argv[1:]))
