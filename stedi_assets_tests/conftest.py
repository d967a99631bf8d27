"""Fixtures that tests share: one home with its services and one engine for the whole session; what a test needs.

Nothing heavy is imported before a fixture needs it, so that the tests of one package are collected at once.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stedi_assets.lakehouse.services import Endpoints
    from stedi_assets.lakehouse.store import Store
    from stedi_assets.lakehouse.tables import Tables
    from stedi_assets_tests.support.lake import Lake
    from stedi_assets_tests.support.published_home import PublishedHome

pytest_plugins = ["stedi_assets_tests.faults.summary", "stedi_assets_tests.support.process_reaper"]

# What a test needs follows from the fixtures that it uses.
_MARKERS = {"java": "needs_java", "chromium": "needs_chromium", "moto": "needs_moto"}
_MISSING = "missing_programs"


@pytest.hookimpl(tryfirst=True)  # before pytest selects by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests by what they need. Of the long tests those first that take longest: else one process ends late."""
    for item in items:
        for fixture in _MARKERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_MARKERS[fixture])
    items.sort(key=_minutes, reverse=True)


def _minutes(test: pytest.Item) -> int:
    """Return how long a fault test says that it takes, in minutes (1 where it does not say); 0 for other tests."""
    mark = test.get_closest_marker("faults")
    return int(mark.kwargs.get("minutes", 1)) if mark else 0


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reports what a worker has collected
def pytest_collection_finish(session: pytest.Session) -> None:
    """End the session before its first test if a program is missing that a selected test needs."""
    missing = "; ".join(
        message
        for marker, find in (("needs_java", _find_java), ("needs_chromium", _find_chromium))
        if any(item.get_closest_marker(marker) for item in session.items) and (message := _missing(find))
    )
    if missing and hasattr(session.config, "workeroutput"):
        session.items.clear()
        session.config.workeroutput[_MISSING] = missing
    elif missing:
        pytest.exit(missing, returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Repeat what a worker of pytest-xdist was missing; it has run no test."""
    if missing := getattr(node, "workeroutput", {}).get(_MISSING):
        pytest.exit(missing, returncode=pytest.ExitCode.USAGE_ERROR)


def _missing(find: Callable[[], object]) -> str:
    """Return the message of the program that is missing; empty if it is there."""
    try:
        find()
    except RuntimeError as error:
        return str(error)
    return ""


def _find_java() -> Path:
    from stedi_assets.lakehouse.engines.java import java_home

    return java_home()


def _find_chromium() -> str:
    from stedi_assets_tests.support.browser import chromium

    return chromium()


@pytest.fixture(scope="session")
def java() -> Path:
    """The folder of the installed Java: what starts a JVM needs it."""
    return _find_java()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The installed Chromium: what drives a browser needs it."""
    return _find_chromium()


@pytest.fixture
def moto() -> Iterator[str]:
    """The address of a new moto server, which stands in for the services of AWS."""
    from stedi_assets_tests.support.aws import moto_server

    with moto_server() as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The session's home; commands and resources find it in the environment."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["STEDI_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    yield folder
    _stop(folder)


def _stop(home: Path) -> None:
    from stedi_assets.lakehouse.services import stop

    stop(home)


@pytest.fixture(scope="session")
def store(home: Path) -> "Store":
    """The store of the session's home."""
    from stedi_assets.lakehouse.connection import connect
    from stedi_assets.settings import Settings

    return connect(Settings.load())


@pytest.fixture(scope="session")
def endpoints(store: "Store") -> "Endpoints":
    """The running services of the session's home."""
    assert store.services is not None
    return store.services


@pytest.fixture(scope="session")
def spark(store: "Store") -> "SparkSession":
    """A session on the embedded engine."""
    from stedi_assets.lakehouse.engines.embedded import embedded_session

    return embedded_session(store)


@pytest.fixture
def lake(spark: "SparkSession") -> "Iterator[Lake]":
    """A lakehouse without tables, and a landing zone of its own."""
    from stedi_assets_tests.support.lake import Lake

    lake = Lake()
    lake.drop_tables()
    yield lake
    lake.drop_tables()


@pytest.fixture
def tables(lake: "Lake", spark: "SparkSession") -> "Tables":
    """The tables of that lakehouse, without a run."""
    from stedi_assets.lakehouse.tables import Tables

    return Tables(lake.catalog, spark, lake.s3, retention_days=3)


@pytest.fixture
def landed(lake: "Lake", tmp_path: Path) -> Path:
    """The small set, mirrored; returns its folder."""
    from stedi_assets_tests.support.lake import bring

    bring(lake, tmp_path / "landing")
    return tmp_path / "landing"


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Incremental audits of small tables, too."""
    from stedi_assets.building import part

    monkeypatch.setattr(part, "WORTH_ROWS", 0)


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[PublishedHome]":
    """A home with data/ published. Tests may build its tables again, but not change their rows."""
    from stedi_assets_tests.support.published_home import PublishedHome

    folder = tmp_path_factory.mktemp("published") / "home"
    yield PublishedHome.build(folder)
    _stop(folder)


@pytest.fixture
def other_homes(store: "Store", monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For a test that connects this process to the stores of other homes: afterwards the session's is back."""
    import boto3

    from stedi_assets.lakehouse.connection import connect
    from stedi_assets.settings import Settings

    session_home = Settings.load()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys that it began with
    yield
    connect(session_home)


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own, where nothing runs yet; what it starts is stopped."""
    yield tmp_path / "home"
    _stop(tmp_path / "home")
