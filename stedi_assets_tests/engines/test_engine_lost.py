"""Apache Spark dies in the middle of a run: one sentence, soon, and readers keep what they had."""

import subprocess
import time
from pathlib import Path

import psutil

from stedi_assets_tests.support.commands import BIN, REPOSITORY, command, environment
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, lines, write_landing


def test_a_run_whose_spark_is_killed_ends_with_a_sentence(own_home: Path, tmp_path: Path, java: Path) -> None:
    landing = write_landing(tmp_path / "landing", *map(lines, (CUSTOMERS, MOTIONS, STEPS)))
    run = subprocess.Popen(
        [str(BIN / "stedi"), "run", "--engine", "spark", "--landing", str(landing)],
        env=environment(own_home, MASTER="local", SPARK_HOME="/nowhere", SPARK_REMOTE="sc://nowhere"),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith("building accelerometer_trusted"):
            break
    (jvm,) = [child for child in psutil.Process(run.pid).children() if "java" in child.name()]
    jvm.kill()
    killed = time.monotonic()
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 1
    assert "the engine (spark) was lost while it was used" in said
    assert "Exception" not in said
    assert time.monotonic() - killed < 120, "the client by itself would go on asking for ten minutes"
    counted = command("stedi", "query", "SELECT count(*) FROM customer_trusted", "--format", "csv", home=own_home)
    assert counted.stdout.splitlines()[1:] == ["2"]
    refused = command("stedi", "query", "SELECT count(*) FROM accelerometer_trusted", home=own_home)
    assert refused.returncode != 0
