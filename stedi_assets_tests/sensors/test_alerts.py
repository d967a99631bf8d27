"""What is told of a run that failed, and where: the log, or a webhook, which may be down."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from dagster import (
    DagsterEvent,
    DagsterInstance,
    DagsterRunStatus,
    ExecuteInProcessResult,
    build_run_status_sensor_context,
    build_sensor_context,
)
from dagster._core.test_utils import create_run_for_test

from stedi_assets.contracts import CONTRACTS
from stedi_assets.failures import alert
from stedi_assets.sensors.failures import failures
from stedi_assets.settings import Settings, SettingsError
from stedi_assets_tests.support.commands import free_port
from stedi_assets_tests.support.lake import MOTIONS, STEPS, Lake, customer, lines

LANDING = [contract for contract in CONTRACTS if contract.zone == "landing"]
SECRET = "T0P-S3CR3T"
CANARIES = ("canary", "Canary", "s-canary", "@x.org")


class Webhook(BaseHTTPRequestHandler):
    """Takes what is posted, and answers as its path says."""

    taken: list[tuple[str, Any]] = []  # noqa: RUF012 - one server at a time

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(int(self.path.rpartition("/")[2]))
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def webhook(status: int) -> Iterator[str]:
    Webhook.taken = []
    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{SECRET}/{status}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def failed(lake: Lake) -> ExecuteInProcessResult:
    """A run of damaged objects whose names, too, are somebody's."""
    lake.put("customer/mirror/c.json", lines([customer("canary@x.org", "s-canary")]))
    lake.put("accelerometer/canary@x.org.json", lines(MOTIONS) + '{"user": "canary@x.org", "cut')
    lake.put("step_trainer/s.json", lines(STEPS))
    result = lake.run(select=LANDING)
    assert not result.success
    return result


def told(instance: DagsterInstance, result: ExecuteInProcessResult) -> None:
    """What Dagster does when it sees that the run has failed."""
    events: list[DagsterEvent] = [event for event in result.all_events if event.is_failure and event.is_job_event]
    context = build_run_status_sensor_context(
        "failures",
        dagster_event=events[-1],
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        context=build_sensor_context(instance=instance),
    )
    failures(context.for_run_failure())


def test_one_message_says_what_failed_where_and_what_to_do(
    lake: Lake,
    failed: ExecuteInProcessResult,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with webhook(200) as url:
        monkeypatch.setenv("STEDI_ALERT_WEBHOOK", url)
        capsys.readouterr()
        told(lake.instance, failed)
        ((kind, content),) = Webhook.taken
    assert kind == "application/json"
    text = content["text"]
    first, where, check, seen, todo = text.splitlines()
    assert first == f"stedi_lakehouse failed: run {failed.run_id}"
    assert where.startswith("in landing: not published: landing_quarantine, customer_landing")
    assert check.startswith("failed check: accelerometer_landing.quarantine_share, expected ")
    assert seen == "readers see: what they saw before it"
    assert todo.startswith(f"to do: look at /runs/{failed.run_id} in the UI (stedi dev); mend that, then: stedi run")
    assert not any(canary in text for canary in CANARIES)
    assert capsys.readouterr().err == "", "what the webhook has taken is not said twice"


def test_without_a_webhook_or_where_it_does_not_take_it_the_log_has_it(
    lake: Lake,
    failed: ExecuteInProcessResult,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("STEDI_ALERT_WEBHOOK", raising=False)
    told(lake.instance, failed)
    assert f"stedi_lakehouse failed: run {failed.run_id}" in capsys.readouterr().err
    closed = f"http://127.0.0.1:{free_port()}/{SECRET}"
    with webhook(500) as url:
        for address, said in ((url, "it answered 500"), (closed, "it could not be reached (URLError)")):
            monkeypatch.setenv("STEDI_ALERT_WEBHOOK", address)
            told(lake.instance, failed)
            log = capsys.readouterr().err
            assert f"the alert webhook did not take this: {said}; see STEDI_ALERT_WEBHOOK" in log
            assert f"stedi_lakehouse failed: run {failed.run_id}" in log
            assert SECRET not in log
            assert "Traceback" not in log


def test_a_run_whose_process_died_is_told_too() -> None:
    instance = DagsterInstance.ephemeral()
    run = create_run_for_test(instance, job_name="somebody_elses", status=DagsterRunStatus.STARTED)
    instance.report_run_failed(run, "the run's process ended unexpectedly")
    _, where, _, todo = alert(run.job_name, run.run_id, instance.all_logs(run.run_id)).splitlines()
    assert where == "in the run itself: the run's process ended unexpectedly"
    assert todo.endswith("mend that, then start it again in the UI")


def test_the_webhook_is_a_secret() -> None:
    found = Settings.load({"STEDI_ALERT_WEBHOOK": f"https://hooks.example.org/{SECRET}"})
    assert found.alert_webhook.endswith(SECRET)
    assert SECRET not in repr(found)
    for wrong in (f"ftp://x/{SECRET}", f"https://x/ {SECRET}", SECRET):
        with pytest.raises(SettingsError, match="STEDI_ALERT_WEBHOOK is something else") as error:
            Settings.load({"STEDI_ALERT_WEBHOOK": wrong})
        assert SECRET not in str(error.value)
