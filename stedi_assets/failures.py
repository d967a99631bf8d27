"""What failed in a run, in words for the one who mends it: from the run's events alone.

Here: the words, for the terminal and for an alert. Not here: where they go (`cli.report`, `sensors.failures`). No
personal data is in them: what a step fails with has none.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster import EventLogEntry

# What carries on with the work of a job that failed, by the job's name.
_REMEDY = {
    "stedi_lakehouse": "mend that, then: stedi run (or the job stedi_lakehouse in the UI)",
    "stedi_upkeep": "mend that, then: stedi upkeep (or wait for the next night)",
    "stedi_insight": "nothing is lost: pictures are made again with the next publication",
    "stedi_forget": "mend that, then give the same stedi forget again: it goes on where it was cut off",
}
_ANY_REMEDY = "mend that, then start it again in the UI"


def alert(job: str, run_id: str, entries: "Sequence[EventLogEntry]") -> str:
    """One message: what failed, where, what readers see, what to do."""
    published = [_table(entry) for entry in of_type(entries, "ASSET_MATERIALIZATION")]
    checks = [check_of(entry) for entry in of_type(entries, "ASSET_CHECK_EVALUATION")]
    lines = [
        f"{job} failed: run {run_id}",
        *(f"in {step}: {said}" for step, said in _steps(entries)),
        *(
            f"failed check: {check['table']}.{check['check']}, expected {check['metadata'].get('expected')}, found "
            f"{check['metadata'].get('actual')}"
            for check in checks
            if not check["passed"] and check["severity"] == "ERROR"
        ),
        "readers see: "
        + (f"what this run published of {', '.join(published)}, and else " if published else "")
        + "what they saw before it",
        f"to do: look at /runs/{run_id} in the UI (stedi dev); {_REMEDY.get(job, _ANY_REMEDY)}",
    ]
    return "\n".join(lines)


def _steps(entries: "Sequence[EventLogEntry]") -> list[tuple[str, str]]:
    """Where it failed and what was said, step by step; of a run that failed outside its steps, that."""
    failed = of_type(entries, "STEP_FAILURE")
    if failed:
        return [((entry.step_key or "a step").split("__")[-1], _failure(entry)) for entry in failed]
    return [("the run itself", _failure(entry)) for entry in of_type(entries, "PIPELINE_FAILURE")]


def _table(entry: "EventLogEntry") -> str:
    key = entry.dagster_event.asset_key if entry.dagster_event else None
    return key.path[-1] if key else ""


def failures_of(entries: "Sequence[EventLogEntry]") -> list[str]:
    """What failed in a run, step by step, each in one line."""
    return [_failure(entry) for entry in of_type(entries, "STEP_FAILURE")] or [
        _failure(entry) for entry in of_type(entries, "PIPELINE_FAILURE")
    ]


def check_of(entry: "EventLogEntry") -> dict[str, Any]:
    """A check's evaluation, as the JSON report has it."""
    evaluation = entry.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    return {
        "table": evaluation.asset_key.path[-1],
        "check": evaluation.check_name,
        "passed": evaluation.passed,
        "severity": evaluation.severity.value,
        "metadata": {
            name.removeprefix("stedi/"): value.value
            for name, value in evaluation.metadata.items()
            if name != "stedi/summary"  # the same once more, for the UI
        },
    }


def of_type(entries: "Sequence[EventLogEntry]", *types: str) -> "list[EventLogEntry]":
    return [e for e in entries if e.dagster_event is not None and e.dagster_event.event_type_value in types]


def _failure(entry: "EventLogEntry") -> str:
    """The step's own words: a Failure's description, else the innermost error, in one line."""
    data: Any = entry.dagster_event.event_specific_data if entry.dagster_event else None
    described = getattr(data, "user_failure_data", None)
    if described is not None and described.description:
        return str(described.description)
    error = getattr(data, "error", None)
    if error is None:  # its process died, or it never began
        return _sentence((entry.dagster_event.message if entry.dagster_event else None) or "no reason was left behind")
    while error.cause is not None:
        error = error.cause
    return _sentence(str(error.message))


def _sentence(message: str) -> str:
    """What an error says, in one line: of a worker's error, whose trace comes along, the end."""
    _, is_traced, trace = message.rpartition("Traceback (most recent call last)")
    raised = re.findall(r"^\s*[\w.]+(?:Error|Exception|TooLarge): (.*)", trace, re.MULTILINE) if is_traced else []
    said = raised[-1] if raised else re.sub(r"^stedi_assets[\w.]*: ", "", message)
    return " ".join(said.split())[:500]
