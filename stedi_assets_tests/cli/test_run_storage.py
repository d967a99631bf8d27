"""A home's runs and events are kept in Dagster's own files, told of at once, and survive the death of their process."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from dagster import DagsterInstance, EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager

from stedi_assets.cli.dagster_home import dagster_home, dagster_instance
from stedi_assets.cli.run_storage import Events

_KEPT_IN_FILES = """\
compute_logs:
  module: dagster.core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir:
      env: DAGSTER_HOME
"""
RUN = "0c5ae5a2-9be6-4b0c-8f0b-8b9d1a1cfd60"
_TELLS = """
import os, signal, sys
from pathlib import Path
from stedi_assets.cli.dagster_home import dagster_instance
from stedi_assets_tests.cli.test_run_storage import RUN, tell
with dagster_instance(Path(sys.argv[1])) as instance:
    for number in range(40):
        tell(instance, f"event {number}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def tell(instance: DagsterInstance, message: str) -> None:
    """Has one event of the run kept."""
    instance.handle_new_event(
        EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None, level="INFO", user_message=message, run_id=RUN, timestamp=0.0
        )
    )


def _told(events: SqliteEventLogStorage) -> list[str]:
    return [entry.user_message for entry in events.get_logs_for_run(RUN)]


def _read_by_dagsters_own(home: Path) -> SqliteEventLogStorage:
    return SqliteEventLogStorage(str(dagster_home(home) / "history" / "runs"))


def test_what_a_run_tells_is_read_by_dagsters_own_storage_while_the_run_goes_on(tmp_path: Path) -> None:
    with dagster_instance(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, Events)
        tell(instance, "one")
        assert _told(_read_by_dagsters_own(tmp_path)) == ["one"]
        tell(instance, "two")
        assert _told(_read_by_dagsters_own(tmp_path)) == ["one", "two"]


def test_who_watches_a_run_is_told_of_its_events_while_it_goes_on(tmp_path: Path) -> None:
    with dagster_instance(tmp_path) as instance:
        tell(instance, "before")
        watcher, seen = _read_by_dagsters_own(tmp_path), threading.Event()
        watcher.watch(RUN, None, lambda entry, _: seen.set() if entry.user_message == "after" else None)
        try:
            tell(instance, "after")
            assert seen.wait(timeout=60)
        finally:
            watcher.dispose()


def test_a_killed_process_has_lost_none_of_its_events(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _TELLS, str(tmp_path)], timeout=120, check=False)

    assert killed.returncode == -9
    with dagster_instance(tmp_path) as instance:
        assert [entry.user_message for entry in instance.all_logs(RUN)] == [f"event {n}" for n in range(40)]


def test_files_of_other_runs_are_not_kept_open(tmp_path: Path) -> None:
    storage = Events(str(tmp_path))

    for number in range(5):
        storage.get_logs_for_run(f"run-{number}")

    assert sorted(storage._open) == ["index", "run-4"]
    storage.dispose()
    assert not storage._open


def test_a_home_of_before_gets_it_and_a_configuration_of_the_users_own_stays(tmp_path: Path) -> None:
    configuration = dagster_home(tmp_path) / "dagster.yaml"
    configuration.write_text(configuration.read_text().partition("storage:")[0])
    with dagster_instance(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, Events)

    own = "telemetry:\n  enabled: false\n"
    configuration.write_text(own)
    with dagster_instance(tmp_path) as instance:
        assert not isinstance(instance.event_log_storage, Events)
    assert configuration.read_text() == own


def test_what_a_command_prints_is_copied_nowhere_unless_the_user_says_so(tmp_path: Path) -> None:
    with dagster_instance(tmp_path) as instance:
        assert isinstance(instance.compute_log_manager, NoOpComputeLogManager)

    with (dagster_home(tmp_path) / "dagster.yaml").open("a") as configuration:
        configuration.write(_KEPT_IN_FILES)
    with dagster_instance(tmp_path) as instance:
        assert isinstance(instance.compute_log_manager, LocalComputeLogManager)


@pytest.mark.parametrize("table", ["event_logs", "no_such_table"])
def test_which_tables_there_are_is_told_as_before(tmp_path: Path, table: str) -> None:
    storage = Events(str(tmp_path))
    storage.get_logs_for_run(RUN)

    assert storage.has_table(table) == SqliteEventLogStorage(str(tmp_path)).has_table(table)
    storage.dispose()
