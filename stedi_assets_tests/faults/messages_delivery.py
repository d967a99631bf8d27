"""Messages about what is brought into a landing zone, and of alerts: `stedi deliver`, copying a folder, the webhook."""

import io
import os
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, DagsterRunStatus, build_run_status_sensor_context, build_sensor_context
from dagster._core.test_utils import create_run_for_test

from stedi_assets.landing.delivery import Delivery
from stedi_assets.sensors.failures import failures
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.support.commands import free_port


def _file(given: Given, name: str, text: str = "1") -> Path:
    path = given.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _delivered(given: Given, *names: str, of: str = "customer", id_: str = "") -> str:
    """What the command says to these files, which are there if they have a name of a file."""
    paths = [str(_file(given, name)) for name in names if "." in name] or [str(given.folder / name) for name in names]
    return given.said("deliver", of, *paths, *(["--id", id_] if id_ else []))


def _empty(given: Given) -> str:
    (given.folder / "empty").mkdir()
    return _delivered(given, "empty")


def _written_over(given: Given) -> str:
    given.lake.zone.deliver(Delivery.of("customer", [_file(given, "a.json")], "d-1"))
    return sentence(lambda: given.lake.zone.deliver(Delivery.of("customer", [_file(given, "a.json", "2")], "d-1")))


def _changed_on_the_way(given: Given) -> str:
    delivery = Delivery.of("customer", [_file(given, "a.json")])
    _file(given, "a.json", "12")
    return sentence(lambda: given.lake.zone.deliver(delivery))


def _lost_in_copying(given: Given) -> str:
    for source in ("customer", "accelerometer", "step_trainer"):
        _file(given, f"landing/{source}/a.json")
    given.patch.setattr(type(given.lake.zone), "_mirrored", lambda _zone: {})
    return sentence(lambda: given.lake.zone.mirror(given.folder / "landing"))


def _closed_folder(given: Given) -> str:
    """To root, who runs CI, no folder is closed."""

    def refuse(path: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    _file(given, "closed/a.json")
    given.patch.setattr(os, "scandir", refuse)
    return _delivered(given, "closed")


def _alerted(given: Given, webhook: str = "") -> list[str]:
    """What Dagster's log has of a run that failed."""
    given.patch.setenv("STEDI_ALERT_WEBHOOK", webhook)
    instance = DagsterInstance.ephemeral()
    run = create_run_for_test(instance, job_name="stedi_upkeep", status=DagsterRunStatus.STARTED)
    ended = instance.report_run_failed(run, "the run's process ended unexpectedly")
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    with redirect_stderr(io.StringIO()) as log:
        context = build_run_status_sensor_context(
            "failures", ended, instance, found, context=build_sensor_context(instance=instance)
        )
        failures(context.for_run_failure())
    return [line.partition(" - ERROR - ")[2] or line for line in log.getvalue().splitlines()]


def _alert_saying(given: Given, told: str, webhook: str = "") -> str:
    """The line of the log that says so, from there on."""
    return next(line[line.index(told) :] for line in _alerted(given, webhook) if told in line)


MESSAGES: dict[str, Provoke] = {
    "no source …; known: …. Nothing was delivered": lambda g: _delivered(g, "a.json", of="steps"),
    "… has no .json or .json.gz files in it. Nothing was delivered": _empty,
    "…: there is no such file or folder. Nothing was delivered": lambda g: _delivered(g, "nowhere"),
    "… is no landing file: .json or .json.gz is expected. Nothing was delivered": lambda g: _delivered(g, "notes.txt"),
    "… is no id of a delivery: up to 64 letters, digits, . _ and - are expected, …. Nothing was delivered": (
        lambda g: _delivered(g, "a.json", id_="../a")
    ),
    "… and … would both be …: rename one, or deliver them one after the other. Nothing was delivered": (
        lambda g: _delivered(g, "a.json", "other/a.json")
    ),
    "the delivery … has another … already (and so of … files in all); deliver by another --id. Nothing was delivered": (
        _written_over
    ),
    "… of … files are not in … as they were read; deliver the same again": _changed_on_the_way,
    "… files of … are not in … after copying; nothing was removed": _lost_in_copying,
    "…: …; nothing was changed": _closed_folder,
    "… failed: run …": lambda g: _alert_saying(g, "stedi_upkeep failed"),
    "the alert webhook did not take this: …; see STEDI_ALERT_WEBHOOK and the network": lambda g: _alert_saying(
        g, "the alert webhook did not take this", f"http://127.0.0.1:{free_port()}/secret"
    ),
    "STEDI_ALERT_WEBHOOK is something else: a URL as https://HOST/PATH is expected, or http": lambda g: g.said(
        "tables", STEDI_ALERT_WEBHOOK="hooks.example.org"
    ),
}
