"""The embedded services on the real server: what they are for, one per home, ended and recovered."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from stedi_assets.lakehouse.services import (
    Endpoints,
    ensure_running,
    find,
    ports,
    start,
    stop,
    vacuum,
)
from stedi_assets.lakehouse.services.home import Home

PACKAGE_PARENT = Path(__file__).parents[2]
START_ELSEWHERE = """
import sys; from pathlib import Path
from stedi_assets.lakehouse.services import ensure_running
print(ensure_running(Path(sys.argv[1])).pid)
"""
CANARY = secrets.token_hex(32).encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose services run, for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("services") / "home"
    ensure_running(folder)
    yield folder
    stop(folder)


@pytest.fixture
def services(home: Path) -> Endpoints:
    """The running services of that home."""
    return ensure_running(home)


def s3(endpoints: Endpoints, secret: str | None = None) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=endpoints.s3_url,
        aws_access_key_id=endpoints.access_key,
        aws_secret_access_key=secret or endpoints.secret_key,
        region_name=endpoints.region,
        config=Config(retries={"max_attempts": 0}),
    )


def catalog(endpoints: Endpoints) -> Any:
    from pyiceberg.catalog import load_catalog

    pair = {"access-key-id": endpoints.access_key, "secret-access-key": endpoints.secret_key}
    return load_catalog(
        "lake",
        **{
            "type": "rest",
            "uri": endpoints.catalog_url,
            "warehouse": f"s3://{endpoints.table_bucket}",
            "rest.sigv4-enabled": "true",
            "rest.signing-name": "s3tables",
            "rest.signing-region": endpoints.region,
            "s3.endpoint": endpoints.s3_url,
            "s3.path-style-access": "true",
            "s3.region": endpoints.region,
            **{f"{user}.{name}": value for user in ("s3", "client") for name, value in pair.items()},
        },
    )


def ports_in(home: Path) -> dict[str, int]:
    return {flag: int(port) for flag, port in Home(home).read_record()["ports"].items()}


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def start_elsewhere(home: Path) -> int:
    """The pid of the services as another process, which has ended by now, found or started them."""
    command = [sys.executable, "-c", START_ELSEWHERE, str(home)]
    return int(subprocess.run(command, cwd=PACKAGE_PARENT, check=True, capture_output=True, text=True).stdout)


# What they are for


def test_new_services_take_objects_and_tables_at_once(own_home: Path) -> None:
    import pyarrow as pa

    services = start(own_home).wait()
    s3(services).put_object(Bucket=services.bucket, Key="first", Body=b"object")
    lake = catalog(services)
    lake.create_namespace("space")
    rows = pa.table({"n": [1, 2, 3]})
    lake.create_table("space.numbers", rows.schema).append(rows)
    assert lake.load_table("space.numbers").scan().to_arrow().equals(rows)
    assert s3(services).get_object(Bucket=services.bucket, Key="first")["Body"].read() == b"object"


def test_a_bucket_that_is_not_there_is_not_made(services: Endpoints) -> None:
    with pytest.raises(Exception, match="NoSuchBucket"):
        s3(services).put_object(Bucket="another", Key="k", Body=b"")


def test_vacuum_takes_deleted_bytes_off_the_disk(home: Path, services: Endpoints) -> None:
    def is_on_disk() -> bool:
        return any(CANARY in path.read_bytes() for path in (home / "store").glob("*.dat"))

    s3(services).put_object(Bucket=services.bucket, Key="personal", Body=CANARY)
    assert is_on_disk()
    s3(services).delete_object(Bucket=services.bucket, Key="personal")
    vacuum(home)
    assert not is_on_disk()


def test_importing_them_imports_nothing_heavy() -> None:
    command = [sys.executable, "-c", "import sys, stedi_assets.lakehouse.services; print(*sys.modules)"]
    done = subprocess.run(command, cwd=PACKAGE_PARENT, check=True, capture_output=True, text=True)
    heavy = {"boto3", "botocore", "pyiceberg", "pyarrow", "dagster", "pyspark", "psutil", "http.client"}
    assert heavy.isdisjoint(done.stdout.split())


# One server per home


def test_processes_that_start_at_once_share_one_server_that_outlives_them(own_home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        pids = set(pool.map(start_elsewhere, [own_home] * 4))
    services = find(own_home)
    assert services is not None
    assert pids == {services.pid}


def test_homes_do_not_meet(own_home: Path, home: Path, services: Endpoints) -> None:
    other = ensure_running(own_home)
    assert set(ports_in(own_home).values()).isdisjoint(ports_in(home).values())
    assert other.pid != services.pid
    assert other.access_key != services.access_key
    assert other.secret_key != services.secret_key
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        s3(services, secret=other.secret_key).list_buckets()


def test_a_server_without_a_record_is_found_again(home: Path, services: Endpoints) -> None:
    Home(home).record.unlink()
    assert find(home) is None
    assert ensure_running(home) == services
    assert find(home) == services


def test_another_process_with_the_recorded_pid_is_left_alone(own_home: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        created = psutil.Process(stranger.pid).create_time()
        (own_home / "store").mkdir(parents=True)
        Home(own_home).record.write_text(json.dumps({"pid": stranger.pid, "created": created, "ports": {}}))
        assert find(own_home) is None
        assert stop(own_home) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


# Ending and coming back


def test_a_server_killed_before_it_is_waited_for_is_started_again(own_home: Path) -> None:
    pending = start(own_home)
    starting = Home(own_home).read_record()["pid"]
    os.kill(starting, signal.SIGKILL)
    assert pending.wait().pid != starting


def test_what_was_acknowledged_survives_kills_stops_and_moves_to_other_ports(own_home: Path) -> None:
    services = ensure_running(own_home)
    bodies = {f"{i}": os.urandom(20_000) for i in range(40)}
    for key, body in bodies.items():
        s3(services).put_object(Bucket=services.bucket, Key=key, Body=body)
    os.kill(services.pid, signal.SIGKILL)
    recovered = ensure_running(own_home)
    assert (recovered.s3_url, recovered.catalog_url) == (services.s3_url, services.catalog_url)
    assert recovered.pid != services.pid
    assert stop(own_home) is True
    assert is_gone(recovered.pid)
    assert stop(own_home) is False
    assert find(own_home) is None
    for port in ports_in(own_home).values():
        assert not list(Path("/tmp").glob(f"seaweedfs-*-{port}.sock"))
    with socket.create_server(("127.0.0.1", ports_in(own_home)["s3.port"])):
        moved = ensure_running(own_home)
    assert moved.s3_url != services.s3_url
    for key, body in bodies.items():
        assert s3(moved).get_object(Bucket=moved.bucket, Key=key)["Body"].read() == body


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("s3.port", "is not available on 127.0.0.1 and cannot be used"),  # this ends weed
        ("master.port.grpc", "is not available, finding alternative"),  # this it evades
    ],
)
def test_a_port_that_was_taken_meanwhile_is_chosen_anew(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, flag: str, said: str
) -> None:
    choose, is_free, first = secrets.choice, ports._is_free, ports.choose_ports({})
    firsts, seen_free = [first["admin.port"]], list(first)
    monkeypatch.setattr(secrets, "choice", lambda choices: firsts.pop() if firsts else choose(choices))
    monkeypatch.setattr(ports, "_is_free", lambda port: seen_free.pop() if seen_free else is_free(port))
    with socket.create_server(("127.0.0.1", first[flag])):
        services = ensure_running(own_home)
    assert said in (own_home / "services.log.1").read_text()
    assert ports_in(own_home)[flag] != first[flag]
    connections = psutil.Process(services.pid).net_connections()
    listening = {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN}
    assert listening <= set(ports_in(own_home).values())
