"""What is left in the store's files by kills and broken uploads: deleted where no client can write, and only there."""

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stedi_assets.lakehouse.services import Endpoints, ensure_running, find, stop, vacuum, vacuum_all
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.server import launch_isolated
from stedi_assets_tests.storage.test_services import s3
from stedi_assets_tests.support.uploads import Upload, body_of, is_on_disk


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of these tests, with some objects in its store; each test leaves its services running or not."""
    folder = tmp_path_factory.mktemp("recovery") / "home"
    services = ensure_running(folder)
    for number in range(20):
        s3(services).put_object(Bucket=services.bucket, Key=f"kept/{number}", Body=os.urandom(2_000))
    yield folder
    stop(folder)


def kill(services: Endpoints) -> None:
    process = psutil.Process(services.pid)
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=30)


def kept(services: Endpoints) -> int:
    """How many of the home's objects can be read in full."""
    client = s3(services)
    bodies = [client.get_object(Bucket=services.bucket, Key=f"kept/{n}")["Body"].read() for n in range(20)]
    return sum(len(body) == 2_000 for body in bodies)


def test_an_upload_under_way_is_whole_after_a_vacuum(home: Path) -> None:
    services, canary = ensure_running(home), secrets.token_hex(16).encode()
    body = body_of(canary)
    with Upload(home, services, "slow", body) as upload:
        assert is_on_disk(home, canary)
        vacuum(home)
        assert upload.finish() == 200
    assert s3(services).get_object(Bucket=services.bucket, Key="slow")["Body"].read() == body
    assert find(home) == services, "not restarted"


def test_an_upload_under_way_is_broken_off_where_all_content_is_vacuumed(home: Path) -> None:
    services, canary = ensure_running(home), secrets.token_hex(16).encode()
    with Upload(home, services, "broken", body_of(canary)) as upload:
        assert is_on_disk(home, canary)
        vacuum_all(home)
        assert upload.finish() is None
    restarted = find(home)
    assert restarted is not None
    assert restarted.s3_url == services.s3_url
    listed = s3(restarted).list_objects_v2(Bucket=services.bucket, Prefix="broken")
    assert "Contents" not in listed
    assert not is_on_disk(home, canary)
    assert kept(restarted) == 20


def test_without_nameless_content_the_services_are_not_restarted(home: Path) -> None:
    services = ensure_running(home)
    vacuum_all(home)
    assert find(home) == services


def test_what_a_killed_server_leaves_behind_is_deleted_at_the_next_start(home: Path) -> None:
    services, canary = ensure_running(home), secrets.token_hex(16).encode()
    with Upload(home, services, "killed", body_of(canary)):
        kill(services)
    vacuumed = ensure_running(home)
    vacuum(home)
    assert not is_on_disk(home, canary)
    assert kept(vacuumed) == 20


def test_more_than_a_share_of_nameless_content_is_left_where_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services, canary = ensure_running(home), secrets.token_hex(16).encode()
    with Upload(home, services, "killed", body_of(canary)):
        kill(services)
    monkeypatch.setenv("STEDI_MAX_ORPHAN_SHARE", "0.01")
    ensure_running(home)
    assert "allow more with STEDI_MAX_ORPHAN_SHARE" in caplog.text
    assert is_on_disk(home, canary)
    monkeypatch.delenv("STEDI_MAX_ORPHAN_SHARE")
    vacuum_all(home)
    assert not is_on_disk(home, canary)


def test_an_isolated_server_that_outlived_its_starter_is_ended(home: Path) -> None:
    stop(home)
    left = launch_isolated(Home(home))
    services = ensure_running(home)
    assert not psutil.pid_exists(left.pid) or psutil.Process(left.pid).status() == psutil.STATUS_ZOMBIE
    assert kept(services) == 20
