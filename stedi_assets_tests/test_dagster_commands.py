"""Dagster's own commands, from the repository's root, in a home where nothing runs yet."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from stedi_assets.lakehouse.services import find
from stedi_assets_tests.commands import command, end, free_port, serve, wait_for

JOBS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
LAUNCH = """
mutation { launchRun(executionParams: {
    selector: {repositoryLocationName: "stedi_assets", repositoryName: "__repository__", jobName: "stedi_lakehouse"}
    runConfigData: {}
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""


def test_job_execute_brings_up_what_it_needs(own_home: Path) -> None:
    finished = command(
        "dagster", "job", "execute", "-m", "stedi_assets.definitions", "-j", "stedi_lakehouse", home=own_home
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    counted = command(
        "stedi", "query", "SELECT count(*) AS n FROM machine_learning_curated", "--format", "json", home=own_home
    )
    assert json.loads(counted.stdout) == [{"n": 43681}]


def ask(port: int, question: str) -> Any:
    """The answer of the UI's GraphQL API, None while it does not answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": question}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)["data"]
    except OSError:
        return None


def run_the_job(port: int) -> str:
    """Launches the job as the UI does and waits for its end: the run's status."""
    wait_for("the UI with the job", lambda: "stedi_lakehouse" in str(ask(port, JOBS)))
    launched = ask(port, LAUNCH)["launchRun"]
    run_id = launched["run"]["runId"]
    question = f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ status }} }} }}'

    def ended() -> str | None:
        status = ask(port, question)["runOrError"]["status"]
        return str(status) if status in {"SUCCESS", "FAILURE", "CANCELED"} else None

    return str(wait_for("the end of the run", ended))


@pytest.mark.parametrize("words", [["stedi", "dev", "--port"], ["dagster", "dev", "-w", "workspace.yaml", "-p"]])
def test_dev_serves_the_ui_and_runs_the_job(own_home: Path, tmp_path: Path, words: list[str]) -> None:
    port = free_port()
    log = tmp_path / "dev.log"
    extra = {} if words[0] == "stedi" else {"DAGSTER_HOME": str(tmp_path)}
    process = serve(*words, str(port), home=own_home, log=log, **extra)
    try:
        assert run_the_job(port) == "SUCCESS", log.read_text()[-3000:]
    finally:
        status = end(process, log)
    counted = find(own_home)
    if words[0] == "stedi":
        assert status == 0
        assert counted is None, "the services end with the UI"
    else:
        assert counted is not None
