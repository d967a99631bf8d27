"""Choosing an engine: what each setting means, and one clear message where it cannot be."""

from pathlib import Path

import pytest

from stedi_assets.lakehouse.engines import EngineError
from stedi_assets.lakehouse.engines.connect import connect_session, name_of
from stedi_assets.lakehouse.engines.jars import EXCLUDED, PACKAGES, jar_settings, note_fetched
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.settings import Settings, SettingsError
from stedi_assets_tests.commands import command, free_port


@pytest.mark.parametrize("engine", ["embedded", "spark", "sc://localhost:15002", "sc://h:1/;use_ssl=true;token=secret"])
def test_known_engines(engine: str) -> None:
    assert Settings.load({"STEDI_ENGINE": engine}).engine == engine


def test_an_unknown_engine_is_refused_without_its_token() -> None:
    with pytest.raises(SettingsError, match="'flink': embedded, spark or sc://HOST:PORT is expected"):
        Settings.load({"STEDI_ENGINE": "flink"})
    with pytest.raises(SettingsError) as refused:
        Settings.load({"STEDI_ENGINE": "http://h/;token=secret"})
    assert "secret" not in str(refused.value)
    assert name_of("sc://h:1/;token=secret") == "sc://h:1"


def a_java(folder: Path, says: str) -> Path:
    """A program that says of itself what some Java would."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ('openjdk version "11.0.2"', "found Java 11"),
        ('java version "1.8.0_402"', "found Java 8"),
        ("?", "something else"),
    ],
)
def test_too_old_a_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, found: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path, says)))
    with pytest.raises(EngineError, match=found):
        java_home()


def test_a_java_that_is_new_enough_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path, 'openjdk version "21.0.1"')))
    assert java_home() == tmp_path.resolve()


def test_without_java_there_is_one_message_and_exit_2(own_home: Path) -> None:
    finished = command("stedi", "run", "--engine", "spark", home=own_home, JAVA_HOME="/nowhere")
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert "needs Java 17 or newer, by JAVA_HOME or on PATH; found none at /nowhere" in finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr


def test_an_endpoint_that_does_not_answer_is_named() -> None:
    with pytest.raises(EngineError, match="does not answer as Spark Connect"):
        connect_session(f"sc://127.0.0.1:{free_port()}", {})


def test_jars_are_fetched_once(tmp_path: Path) -> None:
    first = jar_settings(tmp_path)
    assert first["spark.jars.packages"] == ",".join(PACKAGES)
    assert first["spark.jars.excludes"] == ",".join(EXCLUDED)
    folder = Path(first["spark.jars.ivy"])
    (folder / "jars").mkdir(parents=True)
    (folder / "jars" / "a.jar").touch()
    assert jar_settings(tmp_path) == first, "a fetching that broke off is begun again"
    note_fetched(tmp_path)
    assert jar_settings(tmp_path) == {"spark.jars": str(folder / "jars" / "a.jar")}
