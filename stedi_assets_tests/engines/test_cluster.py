"""The job on a real cluster: a Spark master, two workers and a Connect server, one worker killed in the middle."""

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stedi_assets.expectations import REFERENCE
from stedi_assets.lakehouse.connection import connect
from stedi_assets.settings import Settings
from stedi_assets_tests.support.cluster import Cluster
from stedi_assets_tests.support.commands import BIN, REPOSITORY, environment


@pytest.fixture
def cluster(own_home: Path, tmp_path: Path, endpoints: object, java: Path) -> Iterator[Cluster]:
    """A cluster whose processes know the store of a home of its own."""
    cluster, own = Cluster(tmp_path), replace(Settings.load(), home=own_home)
    try:
        cluster.start(own, connect(own))
        yield cluster
    finally:
        cluster.stop()
        connect(Settings.load())


def test_the_job_ends_rightly_though_a_worker_is_killed(cluster: Cluster, own_home: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = subprocess.Popen(
        [str(BIN / "stedi"), "run", "--json", str(report)],
        env=environment(own_home, STEDI_ENGINE=cluster.url),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []

    def listen() -> None:
        assert run.stderr is not None
        for line in run.stderr:
            said.append(line)
            if line.startswith("building accelerometer_trusted"):
                cluster.kill("worker-2")

    listening = threading.Thread(target=listen)
    listening.start()
    assert run.stdout is not None
    printed = run.stdout.read()
    listening.join()
    assert run.wait() == 0, printed + "".join(said)
    assert cluster.processes["worker-2"].returncode == -9, "it was killed while the job ran"
    (work,) = (tmp_path / "worker-2").glob("app-*/*/stderr")
    assert "Finished task" in work.read_text(), "it had done some of the work"
    assert cluster.connect is not None
    assert "Lost executor" in cluster.connect.log.read_text(), "and was missed"
    told = json.loads(report.read_text())
    assert {name: table["rows"] for name, table in told["tables"].items()} == REFERENCE
    assert told["engine"] == cluster.url.partition("/;")[0]
    token = cluster.url.partition("token=")[2]
    assert token not in printed + "".join(said) + report.read_text()
