"""Torn files of the store: repaired to the last whole record, so that all that was acknowledged can be read."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stedi_assets.lakehouse.services import ensure_running, stop, vacuum
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.volume_repair import repair_volumes
from stedi_assets_tests.storage.test_services import s3

ENTRY = 17  # bytes of an entry in an index
KEPT = [f"kept/{number}" for number in range(12)]
HALF_A_RECORD = b"\1\2\3\4" + bytes(7) + b"\x99" + (5_000).to_bytes(4, "big") + os.urandom(900)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was stopped, with objects and deleted ones in one volume; tests copy it."""
    home = tmp_path_factory.mktemp("volumes") / "home"
    services = ensure_running(home)
    client = s3(services)
    for number, key in enumerate(KEPT):
        client.put_object(Bucket=services.bucket, Key=key, Body=os.urandom(100 + number))
        client.put_object(Bucket=services.bucket, Key="deleted", Body=b"content")
        client.delete_object(Bucket=services.bucket, Key="deleted")
    stop(home)
    return home


def cut(path: Path, by: int) -> None:
    os.truncate(path, path.stat().st_size - by)


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


WHOLE: dict[str, Callable[[Path, Path], None]] = {
    "entries that were not synced": lambda _data, index: cut(index, 5 * ENTRY),
    "half an entry": lambda _data, index: cut(index, 5),
    "an empty index": lambda _data, index: os.truncate(index, 0),
    "no index": lambda _data, index: index.unlink(),
    "an index with zeros at its end": lambda _data, index: append(index, bytes(20)),
    "half a record": lambda data, _index: append(data, HALF_A_RECORD),
    "zeros": lambda data, _index: append(data, bytes(4096)),
}


@pytest.fixture
def torn(stopped: Path, tmp_path: Path) -> tuple[Home, Path, Path]:
    """A home with the files of that volume, for a test to damage: data and index."""
    home = Home(tmp_path / "home")
    home.prepare()
    for file in (stopped / "store").glob("stedi_1.*"):
        shutil.copy(file, home.store)
    return home, home.store / "stedi_1.dat", home.store / "stedi_1.idx"


@pytest.mark.parametrize("damage", WHOLE)
def test_what_is_torn_is_byte_by_byte_as_before(damage: str, torn: tuple[Home, Path, Path]) -> None:
    home, data, index = torn
    before = data.read_bytes(), index.read_bytes()
    assert repair_volumes(home) == []
    WHOLE[damage](data, index)
    assert (data.read_bytes(), index.read_bytes() if index.exists() else None) != before
    assert len(repair_volumes(home)) == 1
    assert (data.read_bytes(), index.read_bytes()) == before


def test_a_record_that_was_cut_goes_alone(torn: tuple[Home, Path, Path]) -> None:
    home, data, index = torn
    before = data.read_bytes(), index.read_bytes()
    cut(data, 20)
    assert len(repair_volumes(home)) == 1
    assert before[1][:-ENTRY] == index.read_bytes()
    assert before[0][: data.stat().st_size] == data.read_bytes()
    assert repair_volumes(home) == []


def test_without_an_index_nothing_is_cut_off(torn: tuple[Home, Path, Path]) -> None:
    """A damaged record in the middle looks like the end of the file."""
    home, data, index = torn
    content = bytearray(data.read_bytes())
    content[8 : 8 + 16] = b"\xff" * 16
    data.write_bytes(content)
    index.unlink()
    repair_volumes(home)
    assert data.read_bytes() == content


def test_a_volume_without_content_is_removed(torn: tuple[Home, Path, Path]) -> None:
    home, _, _ = torn
    (home.store / "stedi_9.dat").write_bytes(b"\3")
    (home.store / "stedi_9.idx").touch()
    assert len(repair_volumes(home)) == 1
    assert list(home.store.glob("stedi_9.*")) == []


def test_a_copy_of_a_home_with_torn_files_is_read_and_vacuumed(
    stopped: Path, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(stopped, own_home, ignore=shutil.ignore_patterns("*.sock"))
    append(own_home / "store" / "stedi_1.dat", HALF_A_RECORD)
    cut(own_home / "store" / "stedi_1.idx", 2 * ENTRY + 3)
    services = ensure_running(own_home)
    assert "stedi_1.dat: 36 records, 3 added to its index, 916 bytes cut off" in caplog.text
    bodies = [s3(services).get_object(Bucket=services.bucket, Key=key)["Body"].read() for key in KEPT]
    assert [len(body) for body in bodies] == [100 + number for number in range(len(KEPT))]
    vacuum(own_home)
