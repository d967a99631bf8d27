"""Dagster's own commands, from the repository's root, in a home where nothing runs yet."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from stedi_assets.lakehouse.services import find
from stedi_assets_tests.support.commands import command, end, free_port, serve, wait_for
from stedi_assets_tests.support.lake import customer, lines, motion, step

JOBS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
RUNS = '{ runsOrError(filter: {pipelineName: "stedi_lakehouse"}) { ... on Runs { results { status } } } }'
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


def deliver_and_wait(port: int, home: Path, folder: Path) -> str:
    """Delivers an object for each source, and starts nothing: the statuses of the runs that the sensor started."""
    records = {"customer": customer("a@x.org", "s1"), "accelerometer": motion("a@x.org"), "step_trainer": step("s1")}
    for source, record in records.items():
        (folder / f"{source}.json").write_text(lines([record]))
        delivered = command("stedi", "deliver", source, str(folder / f"{source}.json"), home=home)
        assert delivered.returncode == 0, delivered.stderr

    def ended() -> str | None:
        answer = ask(port, RUNS)
        statuses = [run["status"] for run in answer["runsOrError"]["results"]] if answer else []
        is_over = statuses and set(statuses) <= {"SUCCESS", "FAILURE", "CANCELED"}
        return " ".join(statuses) if is_over else None

    return str(wait_for("the end of a run that the sensor started", ended, seconds=240))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["stedi", "dev", "--port"], marks=pytest.mark.slow, id="stedi"),
        pytest.param(["dagster", "dev", "-w", "workspace.yaml", "-p"], id="dagster"),
    ],
)
def test_dev_serves_the_ui_and_a_run_comes_of_arrivals_or_of_a_click(
    own_home: Path, tmp_path: Path, words: list[str]
) -> None:
    port = free_port()
    log = tmp_path / "dev.log"
    is_stedi = words[0] == "stedi"
    process = serve(*words, str(port), home=own_home, log=log, **({} if is_stedi else {"DAGSTER_HOME": str(tmp_path)}))
    try:
        status = deliver_and_wait(port, own_home, tmp_path) if is_stedi else run_the_job(port)
        assert status == "SUCCESS", log.read_text()[-3000:]
    finally:
        exit_status = end(process, log)
    counted = find(own_home)
    if is_stedi:
        assert exit_status == 0
        assert counted is None, "the services end with the UI"
        trained = command("stedi", "query", "SELECT subject_id FROM machine_learning_curated", home=own_home)
        assert len(trained.stdout.splitlines()) == 3, "a row below its two lines of header"
    else:
        assert counted is not None
