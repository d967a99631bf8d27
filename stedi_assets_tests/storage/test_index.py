"""The index of the store: kept in SQLite, synced, copied outside the store, put back, taken over from older homes."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from stedi_assets.lakehouse.services import (
    ServicesError,
    copy_index,
    ensure_running,
    index,
    recovery,
    restore_index,
    stop,
)
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.server import recorded_server
from stedi_assets.lakehouse.services.shell import _order
from stedi_assets_tests.storage.test_services import s3

KEYS = [f"kept/{number}" for number in range(10)]


@pytest.fixture(scope="module")
def old_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stopped home with objects, from before the index was kept in SQLite."""
    home = tmp_path_factory.mktemp("index") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recovery, "write_configuration", lambda _home: None)
        patch.setattr(index, "syncs_objects", lambda _home: True)
        services = ensure_running(home)
        for key in KEYS:
            s3(services).put_object(Bucket=services.bucket, Key=key, Body=key.encode(), ContentType="text/x")
    stop(home)
    yield home
    stop(home)


@pytest.fixture(scope="module")
def home(old_home: Path) -> Path:
    """The same home, taken over and stopped."""
    ensure_running(old_home)
    copy_index(old_home)
    stop(old_home)
    return old_home


@pytest.fixture
def copied(home: Path, own_home: Path) -> Path:
    """A cold copy of that home."""
    shutil.copytree(home, own_home, ignore=shutil.ignore_patterns("*.sock"))
    return own_home


def readable(home: Path) -> int:
    """How many of the objects can be read."""
    services = ensure_running(home)
    pair = {"aws_access_key_id": services.access_key, "aws_secret_access_key": services.secret_key}
    # It repeats what is refused, as the product does: a store that was just started does not know its volumes yet.
    client: Any = boto3.client("s3", endpoint_url=services.s3_url, region_name=services.region, **pair)
    bucket = services.bucket
    return sum(client.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode() for key in KEYS)


def lose_index(home: Path) -> None:
    for file in (home / "store").glob("filer.db*"):
        file.unlink()


def test_a_home_from_before_is_taken_over_with_all_its_objects(old_home: Path, home: Path) -> None:
    assert not (old_home / "store" / "filerldb2").exists()
    assert readable(home) == len(KEYS)
    services = ensure_running(home)
    assert s3(services).head_object(Bucket=services.bucket, Key=KEYS[0])["ContentType"] == "text/x"
    assert not (home / "store" / "filerldb2").exists()
    server = recorded_server(Home(home))
    assert server is not None
    assert '"fsync":  true' in _order(Home(home), server.ports, "fs.configure")
    stop(home)


def test_a_lost_index_is_named_and_put_back(copied: Path) -> None:
    lose_index(copied)
    files = {path.name: path.stat().st_size for path in (copied / "store").glob("*.dat")}
    for _ in range(2):
        with pytest.raises(ServicesError, match=r"has lost its index: .* found none; .*stedi restore-index"):
            ensure_running(copied)
    assert {path.name: path.stat().st_size for path in (copied / "store").glob("*.dat")} == files
    restore_index(copied)
    assert readable(copied) == len(KEYS)
    with pytest.raises(ServicesError, match="found a sound one; nothing was changed"):
        restore_index(copied)
    assert readable(copied) == len(KEYS)


@pytest.mark.parametrize("damage", ["empty", "cut", "overwritten"])
def test_a_damaged_index_is_told_from_a_sound_one(damage: str, home: Path, tmp_path: Path) -> None:
    copied = Home(tmp_path / "home")
    copied.prepare()
    for file in [*(home / "store").glob("*.dat"), *(home / "store").glob("*.idx"), home / "store" / "filer.db"]:
        shutil.copy(file, copied.store)
    index.refuse_lost_index(copied, thorough=True)
    if damage == "empty":
        copied.index.write_bytes(b"")
    elif damage == "cut":
        copied.index.write_bytes(copied.index.read_bytes()[:9000])
    else:
        content = bytearray(copied.index.read_bytes())
        content[4096:] = bytes(len(content) - 4096)
        copied.index.write_bytes(content)
    with pytest.raises(ServicesError, match="has lost its index"):
        index.refuse_lost_index(copied, thorough=True)


def test_the_copy_has_what_the_index_has_and_no_deleted_name(copied: Path) -> None:
    services = ensure_running(copied)
    s3(services).put_object(Bucket=services.bucket, Key="somebody", Body=b"content")
    copy_index(copied)
    assert b"somebody" in (copied / "index-copy.db").read_bytes()
    s3(services).delete_object(Bucket=services.bucket, Key="somebody")
    copy_index(copied)
    for file in [copied / "index-copy.db", *(copied / "store").glob("filer.db*")]:
        assert b"somebody" not in file.read_bytes(), file
    with sqlite3.connect(copied / "index-copy.db") as database:
        assert database.execute("SELECT count(*) FROM stedi WHERE directory LIKE '%kept'").fetchone() == (len(KEYS),)
    assert (copied / "index-copy.db").stat().st_mode & 0o077 == 0
