"""What other users of the machine get of the embedded services: the server's state, no data and no operation.

On the session's real server, so that what other tests put there has to stay closed as well.
"""

import json
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from stedi_assets.lakehouse.services import Endpoints
from stedi_assets.lakehouse.services.home import Home


def status_of(url: str, body: bytes | None = None) -> int:
    """The status of a request that nobody signed."""
    try:
        with urllib.request.urlopen(url, body, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def ports(home: Path, endpoints: Endpoints) -> dict[str, int]:
    """The server's ports by flag, once it listens on the last of them, the admin's."""
    found: dict[str, int] = Home(home).read_record()["ports"]
    deadline = time.monotonic() + 20
    while {listener.laddr.port for listener in listeners(endpoints)} < set(found.values()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def listeners(endpoints: Endpoints) -> list[Any]:
    inet = psutil.Process(endpoints.pid).net_connections("inet")
    return [c for c in inet if c.status == psutil.CONN_LISTEN or c.type == socket.SOCK_DGRAM]


def s3(endpoints: Endpoints, secret: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoints.s3_url,
        aws_access_key_id=endpoints.access_key,
        aws_secret_access_key=secret,
        region_name=endpoints.region,
    )


def test_every_listener_is_loopback(home: Path, endpoints: Endpoints, ports: dict[str, int]) -> None:
    server = psutil.Process(endpoints.pid)
    assert not server.children(recursive=True)
    assert {listener.laddr.ip for listener in listeners(endpoints)} == {"127.0.0.1"}
    assert {listener.laddr.port for listener in listeners(endpoints)} == set(ports.values())
    for listener in server.net_connections("unix"):
        if path := listener.laddr:
            assert (home / "store" / str(path)).stat().st_mode & 0o077 == 0


def test_unsigned_requests_are_refused(endpoints: Endpoints) -> None:
    assert status_of(f"{endpoints.s3_url}/{endpoints.bucket}") == 403
    assert status_of(f"{endpoints.s3_url}/{endpoints.table_bucket}") == 403
    assert status_of(f"{endpoints.catalog_url}/v1/{endpoints.table_bucket}/namespaces") == 403
    pair = {"client_id": endpoints.access_key, "client_secret": "wrong"}
    claim = urllib.parse.urlencode({"grant_type": "client_credentials", **pair}).encode()
    assert status_of(f"{endpoints.catalog_url}/v1/oauth/tokens", claim) == 401


def test_the_catalog_tells_strangers_how_to_address_it(endpoints: Endpoints) -> None:
    assert status_of(f"{endpoints.catalog_url}/v1/config?warehouse=s3://{endpoints.table_bucket}") == 200


def test_the_right_key_with_a_wrong_secret_is_refused(endpoints: Endpoints) -> None:
    assert s3(endpoints, endpoints.secret_key).list_buckets()
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        s3(endpoints, "wrong").list_buckets()


@pytest.mark.parametrize(
    ("part", "paths", "status"),
    [
        ("master", ["dir/assign", "dir/lookup?volumeId=1", "dir/status", "col/delete?collection=stedi"], 404),
        ("master", ["vol/vacuum", "vol/grow?count=1", "vol/status", "submit", "collection/info"], 404),
        ("master", ["1,01", "metrics", "debug/pprof/"], 404),
        ("filer", ["", "buckets/", "buckets/stedi/", ".tus/", "metadata"], 404),
        ("volume", ["", "1,01", "2,01637037d6", "ui/index.html", "stats/disk"], 401),
        ("admin", ["", "api/", "api/config", "login", "static/"], 404),
        # What no flag closes: the docstring of the package lists it, and a change here is a change there.
        ("master", ["", "ui/index.html", "cluster/status", "cluster/healthz", "healthz", "readyz"], 200),
        ("volume", ["status", "healthz", "readyz"], 200),
        ("filer", ["seaweedfsstatic/"], 200),
        ("admin", ["health", "metrics"], 200),
        ("s3", ["status", "healthz", "readyz"], 200),
    ],
)
def test_strangers_see_the_state_of_the_server_and_no_more(
    ports: dict[str, int], part: str, paths: list[str], status: int
) -> None:
    address = f"http://127.0.0.1:{ports[f'{part}.port']}"
    assert {path: status_of(f"{address}/{path}") for path in paths} == dict.fromkeys(paths, status)


@pytest.mark.parametrize("part", ["master", "volume", "filer", "s3", "admin"])
def test_grpc_wants_the_certificate_of_the_home(home: Path, ports: dict[str, int], part: str) -> None:
    address = ("127.0.0.1", ports[f"{part}.port.grpc"])
    hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
    context = ssl.create_default_context(cafile=str(Home(home).certificate))
    context.set_alpn_protocols(["h2"])

    def answer(speak: Callable[[socket.socket], socket.socket]) -> bytes:
        with socket.create_connection(address, timeout=10) as plain, speak(plain) as connection:
            connection.sendall(hello)
            return connection.recv(9)

    def with_certificate(plain: socket.socket) -> socket.socket:
        context.load_cert_chain(Home(home).certificate)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    with suppress(ConnectionResetError):
        assert answer(lambda plain: plain) == b""
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        answer(lambda plain: context.wrap_socket(plain, server_hostname="127.0.0.1"))
    assert answer(with_certificate)[3] == 4  # a SETTINGS frame: this is what an answer looks like


def test_keys_are_in_one_file_of_the_owner_alone(home: Path, endpoints: Endpoints) -> None:
    credentials = home / "credentials.json"
    assert home.stat().st_mode & 0o777 == 0o700
    assert credentials.stat().st_mode & 0o777 == 0o600
    keys = list(json.loads(credentials.read_text()).values())
    assert len(keys) == len(set(keys)) == 6
    arguments = " ".join(psutil.Process(endpoints.pid).cmdline())
    assert [key for key in keys if key in arguments] == []
    assert endpoints.secret_key not in repr(endpoints)
    for path in home.rglob("*"):
        with suppress(FileNotFoundError):
            content = path.read_bytes() if path.is_file() and path != credentials else b""
            assert [key for key in keys if key.encode() in content] == [], path
