"""The sensor on failed runs: says in one message what failed, where, and what to do.

Here: where the message goes: to a webhook if one is set (STEDI_ALERT_WEBHOOK), else to the log. Not here: its words
(`stedi_assets.failures`). What starts a run in a terminal is told there: only Dagster's own runs are looked at.
"""

import json
import urllib.request
from http.client import HTTPException
from urllib.error import HTTPError

from dagster import DefaultSensorStatus, RunFailureSensorContext, run_failure_sensor

from stedi_assets.failures import alert
from stedi_assets.settings import Settings

INTERVAL_SECONDS = 30
_TIMEOUT_SECONDS = 10


@run_failure_sensor(
    name="failures",
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Tells of every run that failed: to the log, or to STEDI_ALERT_WEBHOOK.",
)
def failures(context: RunFailureSensorContext) -> None:
    """A webhook that does not take the message is named by no word of its URL: a secret is often part of it."""
    run = context.dagster_run
    message = alert(run.job_name, run.run_id, context.instance.all_logs(run.run_id))
    webhook = Settings.load().alert_webhook
    refused = post(webhook, message) if webhook else ""
    if not webhook or refused:
        context.log.error(message)
    if refused:
        context.log.error(f"the alert webhook did not take this: {refused}; see STEDI_ALERT_WEBHOOK and the network")


def post(webhook: str, message: str) -> str:
    """Sends the message as JSON, {"text": ...}: why it was not taken, or nothing."""
    body = json.dumps({"text": message}).encode()
    try:
        request = urllib.request.Request(webhook, body, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
            return ""
    except HTTPError as error:
        return f"it answered {error.code}"
    except (OSError, HTTPException, ValueError) as error:  # their texts may repeat the URL
        return f"it could not be reached ({type(error).__name__})"
