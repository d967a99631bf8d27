"""Choosing an engine: what each setting means, and one clear message where it cannot be."""

import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import psutil
import pytest

from stedi_assets.lakehouse.engines import EngineError, connect
from stedi_assets.lakehouse.engines.apache_spark import jvm_environment, remove_left_behind
from stedi_assets.lakehouse.engines.connect import connect_session
from stedi_assets.lakehouse.engines.errors import name_of
from stedi_assets.lakehouse.engines.jars import EXCLUDED, PACKAGES, jar_settings, note_fetched
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.lakehouse.engines.tended import Tended
from stedi_assets.settings import Settings, SettingsError
from stedi_assets_tests.support.commands import command, free_port


@pytest.mark.parametrize("engine", ["embedded", "spark", "sc://localhost:15002", "sc://h:1/;use_ssl=true;token=secret"])
def test_known_engines(engine: str) -> None:
    assert Settings.load({"STEDI_ENGINE": engine}).engine == engine


@pytest.mark.parametrize(
    "engine",
    [
        "http://h/;token=secret",
        "sc://h:15002;token=secret",
        "sc://h:1/token=secret",
        "sc://h:1/path;token=secret",
        "sc://user:secret@h:1",
        "sc://h?token=secret",
        "sc://;token=secret",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_token(engine: str) -> None:
    with pytest.raises(SettingsError, match="STEDI_ENGINE is something else: embedded, spark or sc://HOST") as refused:
        Settings.load({"STEDI_ENGINE": engine})
    assert "secret" not in str(refused.value)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(SettingsError, match="'flink': embedded, spark or sc://HOST:PORT is expected"):
        Settings.load({"STEDI_ENGINE": "flink"})
    assert name_of("sc://h:1/;token=secret") == "sc://h:1"


@pytest.mark.parametrize(
    ("name", "value"), [("STEDI_CACHE", "/a,b"), ("STEDI_CACHE", "/a*"), ("STEDI_SPARK_MEMORY", "much")]
)
def test_what_spark_could_not_use_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{re.escape(value)}'"):
        Settings.load({name: value})


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


@pytest.mark.parametrize("words", [["run"], ["forget", "ann@x.org"]])
def test_without_java_there_is_one_message_and_nothing_is_begun(own_home: Path, words: list[str]) -> None:
    finished = command("stedi", *words, "--engine", "spark", home=own_home, JAVA_HOME="/nowhere")
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert "needs Java 17 or newer, by JAVA_HOME or on PATH; found none at /nowhere" in finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
    assert not own_home.exists() or not list(own_home.iterdir())


def test_a_token_is_no_argument(own_home: Path) -> None:
    finished = command("stedi", "run", "--engine", "sc://h:1/;token=secret", home=own_home)
    assert finished.returncode == 2
    assert "belongs into STEDI_ENGINE" in finished.stderr
    assert "secret" not in finished.stderr


def test_an_endpoint_that_does_not_answer_is_named(own_home: Path) -> None:
    address = f"sc://127.0.0.1:{free_port()}"
    finished = command("stedi", "run", home=own_home, STEDI_ENGINE=f"{address}/;token=secret")
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert f"the engine at {address} does not answer as Spark Connect (connection refused)" in finished.stderr
    assert "secret" not in finished.stdout + finished.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_something_else_that_listens_is_not_waited_for(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "REACH_SECONDS", 1)
    family = socket.AF_INET6 if host == "[::1]" else socket.AF_INET
    with socket.socket(family) as silent:
        silent.bind((host.strip("[]"), 0))
        silent.listen()
        with pytest.raises(EngineError, match="something listens there and does not speak it"):
            connect_session(f"sc://{host}:{silent.getsockname()[1]}", {})


def test_what_is_set_for_another_spark_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPARK_HOME", "SPARK_REMOTE", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS", "MASTER"):
        monkeypatch.setenv(name, "nonsense")
    environment = jvm_environment(Path("/java"))
    assert "nonsense" not in environment.values()
    assert Path(environment["SPARK_HOME"], "bin", "spark-class").exists()


def test_what_an_engine_has_no_need_of_is_kept_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STEDI_PSEUDONYM_SECRET", "STEDI_ALERT_WEBHOOK", "STEDI_ENGINE"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in jvm_environment(Path("/java")).values()


def test_a_process_ends_well_though_its_starter_s_thread_has_ended(tmp_path: Path) -> None:
    started: list[Tended] = []

    def start() -> None:
        started.append(Tended(["sleep", "600"], os.environ, tmp_path / "log"))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    (child,) = started
    assert psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE
    with pytest.raises(psutil.TimeoutExpired):
        psutil.Process(child.pid).wait(timeout=1)
    child.end()
    assert child.returncode == -signal.SIGTERM


def test_a_process_hears_that_it_is_to_end_though_its_starter_is_deaf_to_it(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        child = Tended(["sleep", "600"], os.environ, tmp_path / "log")
    finally:
        signal.signal(signal.SIGTERM, before)
    child.end()
    assert child.returncode == -signal.SIGTERM


def test_what_dead_servers_kept_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in (f"{dead.pid}-1", f"{os.getpid()}-1", "else"):
        (tmp_path / name / "local").mkdir(parents=True)
    remove_left_behind(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"{os.getpid()}-1", "else"])


def test_jars_are_fetched_once(tmp_path: Path) -> None:
    first = jar_settings(tmp_path)
    assert first["spark.jars.packages"] == ",".join(PACKAGES)
    assert first["spark.jars.excludes"] == ",".join(EXCLUDED)
    folder = Path(first["spark.jars.ivy"])
    (folder / "jars").mkdir(parents=True)
    (folder / "jars" / "a.jar").write_text("a")
    assert jar_settings(tmp_path) == first, "a fetching that broke off is begun again"
    note_fetched(tmp_path)
    assert jar_settings(tmp_path) == {"spark.jars": str(folder / "jars" / "a.jar")}
    (folder / "jars" / "a.jar").write_text("")
    assert jar_settings(tmp_path) == first, "as is one that was damaged since"
    assert not folder.exists()
