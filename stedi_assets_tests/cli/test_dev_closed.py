"""What `stedi dev --read-only` opens and refuses: every listener of its processes, every way to change something.

One such UI for all of them. Not here: the rules of the front (`test_front`), the services (`test_services_closed`).
"""

import json
import os
import re
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stedi_assets_tests.support.commands import stedi_dev, wait_for

SELECTOR = '{repositoryLocationName: "stedi_assets", repositoryName: "__repository__", %s}'
JOB, SCHEDULE, SENSOR = (
    SELECTOR % f'{kind}: "{name}"'
    for kind, name in (
        ("jobName", "stedi_lakehouse"),
        ("scheduleName", "nightly_upkeep"),
        ("sensorName", "failures"),
    )
)
JOBS = "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"
ASSET = '{path: ["trusted", "customer_trusted"]}'
RUN_ID = "257da18c-06fe-4a02-b14c-7b688f74f863"
MUTATIONS = {
    "launch": f"launchRun(executionParams: {{selector: {JOB}, runConfigData: {{}}}})",
    "launch several": f"launchMultipleRuns(executionParamsList: [{{selector: {JOB}, runConfigData: {{}}}}])",
    "launch a backfill": f"launchPartitionBackfill(backfillParams: {{allPartitions: true, assetSelection: [{ASSET}]}})",
    "end a run": f'terminateRun(runId: "{RUN_ID}")',
    "delete a run": f'deletePipelineRun(runId: "{RUN_ID}")',
    "wipe": f"wipeAssets(assetPartitionRanges: [{{assetKey: {ASSET}}}])",
    "report": f"reportRunlessAssetEvents(eventParams: {{eventType: ASSET_MATERIALIZATION, assetKey: {ASSET}}})",
    "start a schedule": f"startSchedule(scheduleSelector: {SCHEDULE})",
    "start a sensor": f"startSensor(sensorSelector: {SENSOR})",
    "reload": 'reloadRepositoryLocation(repositoryLocationName: "stedi_assets")',
    "shut the code down": 'shutdownRepositoryLocation(repositoryLocationName: "stedi_assets")',
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that is served."""
    return tmp_path_factory.mktemp("closed") / "home"


@pytest.fixture(scope="module")
def url(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The UI, once its code has been loaded; started where everything that is written is open to all."""
    before = os.umask(0)
    try:
        with stedi_dev(home, tmp_path_factory.mktemp("log") / "dev.log", "--read-only") as found:
            os.umask(before)
            wait_for("the job in the UI", lambda: "stedi_lakehouse" in json.dumps(ask(found, JOBS)))
            yield found
    finally:
        os.umask(before)


def ask(url: str, question: str, path: str = "/graphql", **headers: str) -> Any:
    """The answer, or the status of a refusal."""
    body = json.dumps({"query": question}).encode()
    request = urllib.request.Request(url + path, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return error.code


def of_the_ui(url: str) -> list[psutil.Process]:
    """`stedi dev` and all that it started, without the services, which `test_services_closed` looks at."""
    port = url.rpartition(":")[2]
    # The whole suite's process has other children too, of which some have ended.
    children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    (served,) = [child for child in children if child.cmdline()[-3:-1] == ["--port", port]]
    return [process for process in [served, *served.children(recursive=True)] if "weed" not in process.name()]


def test_it_listens_on_one_port_of_loopback_and_on_files_of_its_user(url: str) -> None:
    processes = of_the_ui(url)
    assert len(processes) >= 5, "stedi, dagster, its code server and the code, web server, daemon"
    inet = [c for process in processes for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [f"http://{c.laddr.ip}:{c.laddr.port}" for c in inet] == [url]
    files = {str(c.laddr) for process in processes for c in process.net_connections("unix") if c.laddr}
    assert len(files) >= 2, "the code server's, and that of the code behind it"
    assert [name for name in files if stat.S_IMODE(Path(name).stat().st_mode) & 0o077] == []


def test_it_shows_what_there_is(url: str) -> None:
    assert "stedi_lakehouse" in json.dumps(ask(url, JOBS))


@pytest.mark.parametrize("what", MUTATIONS)
def test_it_changes_nothing(url: str, what: str) -> None:
    several = "... on LaunchMultipleRunsResult { launchMultipleRunsResult { is: __typename } }"
    answer = ask(url, f"mutation {{ {MUTATIONS[what]} {{ {several if 'several' in what else 'is: __typename'} }} }}")
    assert set(re.findall(r'"is": "(\w+)"', json.dumps(answer))) == {"UnauthorizedError"}, answer


@pytest.mark.parametrize("what", ["materialization", "check", "observation"])
def test_nothing_is_reported_from_outside(url: str, what: str) -> None:
    assert ask(url, "", f"/report_asset_{what}/trusted/customer_trusted?passed=true&check_name=a") == 401


def test_the_front_is_before_it(url: str) -> None:
    assert ask(url, JOBS, Origin="http://evil.example") == 403
    assert ask(url, JOBS, Host="rebound.example") == 400
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(f"{url}/graphql?query=%7Bversion%7D", timeout=60)


def test_nothing_has_run(url: str) -> None:
    answer = ask(url, "{ runsOrError { ... on Runs { results { runId } } } }")
    assert answer["data"]["runsOrError"]["results"] == []
