"""The real parts that tests share: one home with its services, one engine, for the whole session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stedi_assets.building import part
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.engines.embedded import embedded_session
from stedi_assets.lakehouse.services import Endpoints, stop
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.settings import Settings
from stedi_assets_tests.support.lake import Lake, bring

pytest_plugins = ["stedi_assets_tests.faults.summary"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the long tests those first that take longest: else one process ends long before the other."""
    items.sort(key=_minutes, reverse=True)


def _minutes(test: pytest.Item) -> int:
    """As it says itself; about one, of a long test that does not say."""
    mark = test.get_closest_marker("faults")
    return int(mark.kwargs.get("minutes", 1)) if mark else 0


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The session's home; commands and resources find it in the environment."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["STEDI_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    yield folder
    stop(folder)


@pytest.fixture(scope="session")
def store(home: Path) -> Store:
    """The store of the session's home."""
    return connect(Settings.load())


@pytest.fixture(scope="session")
def endpoints(store: Store) -> Endpoints:
    """The running services of the session's home."""
    assert store.services is not None
    return store.services


@pytest.fixture(scope="session")
def spark(store: Store) -> SparkSession:
    """A session on the embedded engine."""
    return embedded_session(store)


@pytest.fixture
def lake(spark: SparkSession) -> Iterator[Lake]:
    """A lakehouse without tables, and a landing zone of its own."""
    lake = Lake()
    lake.drop_tables()
    yield lake
    lake.drop_tables()


@pytest.fixture
def tables(lake: Lake, spark: SparkSession) -> Tables:
    """The tables of that lakehouse, without a run."""
    return Tables(lake.catalog, spark, lake.s3, retention_days=3)


@pytest.fixture
def landed(lake: Lake, tmp_path: Path) -> Path:
    """The small set, mirrored; returns its folder."""
    bring(lake, tmp_path / "landing")
    return tmp_path / "landing"


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a small table, too, an increment's audit looks at the part that changed."""
    monkeypatch.setattr(part, "WORTH_ROWS", 0)


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own, where nothing runs yet; what it starts is stopped."""
    yield tmp_path / "home"
    stop(tmp_path / "home")
