"""A damaged database of Dagster's: commands name it, an erasure goes on without it, and moving it away is enough."""

import os
import resource
import subprocess
from pathlib import Path

import pytest

from stedi_assets.cli.dagster_home import dagster_home, dagster_instance
from stedi_assets.cli.errors import sentence_of
from stedi_assets.contracts import CUSTOMER_LANDING
from stedi_assets.dagster_databases import find_damaged
from stedi_assets.doctor import home as home_findings
from stedi_assets.settings import Settings
from stedi_assets_tests.commands import BIN, REPOSITORY, environment
from stedi_assets_tests.faults.said import Given, sentence
from stedi_assets_tests.lake import Lake

DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """The Dagster folder of a home, with its databases."""
    with dagster_instance(tmp_path / "home") as instance:
        assert instance.get_runs_count() == 0
        instance.all_asset_keys()
        instance.all_instigator_state()
    return tmp_path / "home" / "dagster"


def test_each_database_is_named_alone_and_moving_it_away_is_enough(history: Path) -> None:
    home = history.parent
    whole = {name: (history / name).read_bytes() for name in DATABASES}
    before = sorted(path.name for path in history.rglob("*"))
    assert find_damaged(history) == []
    assert sorted(path.name for path in history.rglob("*")) == before  # looking makes no file
    for name, content in whole.items():
        for damaged in (content[:5000], os.urandom(len(content))):
            (history / name).write_bytes(damaged)
            assert find_damaged(history) == [history / name]
            (finding,) = home_findings.dagster(Settings(home=home))
            assert (finding.state, finding.found) == ("wrong", f"{history / name} is damaged")
        (history / name).write_bytes(content)
    (history / DATABASES[0]).write_bytes(whole[DATABASES[0]][:5000])
    said = sentence(lambda: dagster_instance(home))
    assert said.startswith(f"{history / DATABASES[0]}: damaged, and a database of Dagster's; move it away")
    (history / DATABASES[0]).rename(history / "moved-away")
    with dagster_instance(home) as instance:
        assert instance.get_runs_count() == 0


def test_an_erasure_goes_on_without_dagsters_history(
    lake: Lake, landed: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake.run(select=[CUSTOMER_LANDING]).success
    home = Settings.load().home
    given = Given(request, tmp_path / "none", tmp_path, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        dagster_instance(home).dispose()
    folder = dagster_home(home)
    for name, email in (("history/runs.db", "ann@x.org"), ("history/runs/index.db", "ben@x.org")):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:5000])
        try:
            said = given.told("forget", email, status=0, STEDI_HOME=str(home))
        finally:
            (folder / name).write_bytes(content)
        assert f"WARN  Dagster does not show this erasure: {folder / name}: damaged" in said
        assert ": 1 erased" in said
        assert "Traceback" not in said
    assert lake.rows(CUSTOMER_LANDING, "email") == ["no@x.org"]


def test_too_little_address_space_is_refused_before_anything_is_begun(own_home: Path) -> None:
    ended = subprocess.run(
        [str(BIN / "stedi"), "run"],
        env=environment(own_home),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2_000_000 * 1024,) * 2),
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "stedi: expected at least 4.1 GB of address space for the embedded engine, found 2.0 GB; "
        "allow more: ulimit -v unlimited\n"
    )
    assert not own_home.exists()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        ImportError("x.so: failed to map segment from shared object"),
    ],
)
def test_memory_or_threads_that_are_refused_are_one_sentence(error: Exception) -> None:
    assert "no more memory or threads" in str(sentence_of(error))
