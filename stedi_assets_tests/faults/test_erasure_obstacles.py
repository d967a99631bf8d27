"""Erasure by the real commands with each obstacle in the store: success only where no byte of the person is left."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stedi_assets.lakehouse.services import ensure_running, stop
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.server import recorded_server
from stedi_assets.lakehouse.services.shell import _order
from stedi_assets_tests.commands import command
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import CUSTOMERS, MOTIONS, STEPS, lines, write_landing
from stedi_assets_tests.test_open_erasures import obstacles
from stedi_assets_tests.traces import in_folder

ANN = "ann@x.org"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped home with published tables."""
    folder = tmp_path_factory.mktemp("obstacles")
    landing = write_landing(folder / "landing", lines(CUSTOMERS), lines(MOTIONS), lines(STEPS))
    done = command("stedi", "run", "--quiet", "--landing", str(landing), home=folder / "home")
    assert done.returncode == 0, done.stdout + done.stderr
    stop(folder / "home")
    return folder / "home"


@contextmanager
def in_the_way(home: Path) -> Iterator[None]:
    """A folder by the name that weed writes a volume to."""
    ensure_running(home)
    with obstacles(home):
        yield


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    """Volumes that were marked."""
    ensure_running(home)
    _mark(home, "-readonly")
    yield
    _mark(home, "-writable")


@contextmanager
def torn(home: Path) -> Iterator[None]:
    """Half a record at the end of each volume."""
    for data in (home / "store").glob("*.dat"):
        with data.open("ab") as file:
            file.write(b"half a record")
    yield


def _mark(home: Path, state: str) -> None:
    server = recorded_server(Home(home))
    assert server is not None
    node = f"127.0.0.1:{server.ports['volume.port']}.{server.ports['volume.port.grpc']}"
    marks = [f"volume.mark -node {node} -volumeId {n} {state}" for n in _volumes(home)]
    _order(Home(home), server.ports, "; ".join(["lock", *marks, "unlock"]))


def _volumes(home: Path) -> list[str]:
    return [data.stem.split("_")[1] for data in (home / "store").glob("*_*.dat")]


OBSTACLES = {"in the way": (in_the_way, 1), "read-only": (read_only, 1), "torn": (torn, 0)}


@pytest.mark.faults(minutes=2)
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_an_erasure_with_an_obstacle(obstacle: str, published: Path, own_home: Path) -> None:
    shutil.copytree(published, own_home, ignore=shutil.ignore_patterns("*.sock"))
    assert in_folder(own_home, [ANN])
    meet, expected = OBSTACLES[obstacle]
    with meet(own_home):
        done = command("stedi", "forget", ANN, home=own_home)
        is_left = bool(in_folder(own_home, [ANN]))
    record("27: an erasure that meets an obstacle", tries=1, wrong=is_left and done.returncode == 0)
    assert (done.returncode, is_left) == (expected, bool(expected)), done.stdout + done.stderr
    assert command("stedi", "doctor", home=own_home).returncode == expected
    if expected:
        done = command("stedi", "upkeep", home=own_home)
        assert done.returncode == 0, done.stdout + done.stderr
        assert in_folder(own_home, [ANN]) == []
        assert command("stedi", "doctor", home=own_home).returncode == 0
