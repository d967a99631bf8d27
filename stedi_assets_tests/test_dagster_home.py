"""A home's Dagster configuration applies whatever its path looks like, and no process of it sends telemetry."""

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance
from dagster._cli import dev as dagster_dev
from dagster._core.instance import config

from stedi_assets.cli.dagster_home import dagster_home, dagster_instance
from stedi_assets.cli.run_storage import Events
from stedi_assets.cli.ui import dagster_with_front

OF_THE_USER = "retention:\n  schedule:\n    purge_after_days: 90\n"


def assert_applies(instance: DagsterInstance) -> None:
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    assert isinstance(instance.event_log_storage, Events)
    assert instance.get_settings("retention") == {"schedule": {"purge_after_days": 90}}


@pytest.fixture
def odd_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a configuration of the user's; Dagster's own way to find it comes back after the test."""
    restored: Any = config
    monkeypatch.setattr(restored, "load_yaml_from_globs", restored.load_yaml_from_globs)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    home = tmp_path / "a[!b]*c"
    with (dagster_home(home) / "dagster.yaml").open("a") as file:
        file.write(OF_THE_USER)
    return home


def test_the_configuration_of_an_odd_home_applies_to_commands(odd_home: Path) -> None:
    with dagster_instance(odd_home) as instance:
        assert_applies(instance)


def test_it_applies_to_what_serves_the_ui(odd_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home(odd_home)))
    restored: Any = dagster_dev
    monkeypatch.setattr(restored, "open_ipc_subprocess", restored.open_ipc_subprocess)
    served: list[Path] = []

    def dev_command() -> None:
        with DagsterInstance.get() as instance:
            assert_applies(instance)
            served.append(odd_home)

    monkeypatch.setattr(restored, "dev_command", dev_command)
    dagster_with_front.dev()
    assert served == [odd_home]
