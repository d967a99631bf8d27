"""The Dagster instance of a home: where runs, events and checks are kept.

Only that. `stedi run` and `stedi dev` share it, so that the UI shows the runs of the command line.
"""

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.errors import UsageError

if TYPE_CHECKING:
    from dagster import DagsterInstance

_CONFIGURATION_BEFORE = """\
# Written by stedi at first use; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
"""
# The same files in the same place as Dagster's own default, which waits for the disk at each event.
_CONFIGURATION = (
    _CONFIGURATION_BEFORE
    + """\
storage:
  custom:
    module: stedi_assets.cli.run_storage
    class: HomeStorage
    config:
      base_dir:
        env: DAGSTER_HOME
"""
)
# What a command's process prints is seen where it was started. Dagster would keep it in files too, and have four more
# processes copy it from there to the terminal: they cost a short run a twentieth of its time.
_PRINTED = {
    "compute_logs": {"module": "dagster.core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}
# The name of the code location is the repository's workspace.yaml's: links in the UI fit both ways of starting it.
_WORKSPACE = """\
load_from:
  - python_module:
      module_name: stedi_assets.definitions
      location_name: stedi_assets
"""


def dagster_workspace(home: Path) -> Path:
    """The workspace that `stedi dev` serves, from wherever it is started."""
    workspace = dagster_home(home) / "workspace.yaml"
    workspace.write_text(_WORKSPACE)
    return workspace


def dagster_home(home: Path) -> Path:
    """The home's Dagster folder, made if missing."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dagster.yaml"
    if not configuration.exists() or configuration.read_text() == _CONFIGURATION_BEFORE:
        configuration.write_text(_CONFIGURATION)
    return folder


def take_paths_literally() -> None:
    """Have Dagster find its configuration in a folder whose path has [, ] or * in it.

    Dagster (1.13) takes the path for a pattern: it would find no file there, and send telemetry.
    """
    from dagster._core.instance import config
    from dagster_shared.yaml_utils import load_yaml_from_globs

    module: Any = config
    module.load_yaml_from_globs = lambda path: load_yaml_from_globs(glob.escape(path))


def dagster_instance(home: Path) -> "DagsterInstance":
    """The home's instance, as a command has it. Schedules and runs that it starts find it by DAGSTER_HOME.

    Raises UsageError.
    """
    from dagster import DagsterInstance, DagsterInvalidConfigError
    from dagster._core.instance.ref import InstanceRef
    from yaml import YAMLError, safe_load  # type: ignore[import-untyped]

    folder = dagster_home(home)
    os.environ["DAGSTER_HOME"] = str(folder)
    take_paths_literally()
    try:
        configured = safe_load((folder / "dagster.yaml").read_text()) or {}
        if not isinstance(configured, dict):
            raise YAMLError
        overrides = {} if "compute_logs" in configured else _PRINTED
        return DagsterInstance.from_ref(InstanceRef.from_dir(str(folder), overrides=overrides))
    except (DagsterInvalidConfigError, YAMLError):
        raise UsageError(
            f"{folder / 'dagster.yaml'} is no configuration that Dagster takes; mend it, or delete it: it is made anew"
        ) from None
