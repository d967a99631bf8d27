"""A job of Dagster's, carried out in this process by a command.

Only that: which job, with what, and what is said of it is the command's business.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.ending import refuse_interrupted

if TYPE_CHECKING:
    from dagster import AssetKey, DagsterInstance, EventLogEntry, ExecuteInProcessResult


def execute(
    instance: "DagsterInstance",
    job: str,
    config: Mapping[str, Any],
    selection: "Sequence[AssetKey] | None" = None,
    on_event: "Callable[[EventLogEntry], object] | None" = None,
    interrupted: str = "",
) -> "ExecuteInProcessResult":
    """How it ended, well or not. `interrupted`: what is said where Ctrl-C ends it: that raises KeyboardInterrupt.

    Dagster's own log is not shown: what goes on is told in the command's words.
    """
    from stedi_assets.definitions import defs

    run_id = str(uuid.uuid4())
    if on_event is not None:
        instance.add_event_listener(run_id, on_event)
    result = defs.resolve_job_def(job).execute_in_process(
        run_config={**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        instance=instance,
        asset_selection=selection,
        run_id=run_id,
        raise_on_error=False,
    )
    refuse_interrupted(result, interrupted)
    return result
