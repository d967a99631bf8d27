"""Files where the server opens sockets in the shared /tmp: they are left alone, and the server still starts."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stedi_assets.lakehouse.services import ensure_running, ports
from stedi_assets.lakehouse.services.home import Home

PARTS = ("master", "volume", "filer", "s3", "admin")


def socket_path(part: str, port: int) -> Path:
    return Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock")


@pytest.fixture
def obstacles() -> Iterator[ExitStack]:
    """What is put into /tmp, and taken away after the test."""
    with ExitStack() as stack:
        yield stack


def put_file(obstacles: ExitStack, path: Path) -> None:
    """As another user's: a file that is no socket, which everybody may read and write."""
    path.touch()
    obstacles.callback(path.unlink)
    path.chmod(0o666)


def put_obstacle(obstacles: ExitStack, path: Path) -> None:
    """As another user's: nothing that this process could remove, whoever runs the tests."""
    (path / "held").mkdir(parents=True)
    obstacles.callback(path.rmdir)
    obstacles.callback((path / "held").rmdir)


@pytest.mark.parametrize("part", PARTS)
def test_ports_whose_sockets_path_is_taken_are_not_chosen(obstacles: ExitStack, part: str) -> None:
    before = ports.choose_ports({})
    path = socket_path(part, before[f"{part}.port.grpc"])
    put_file(obstacles, path)
    ports.remove_dead_sockets(before.values())
    assert path.is_file()
    assert set(ports.choose_ports(before).values()).isdisjoint(before.values())


def test_of_sockets_the_dead_ones_of_this_user_are_removed(obstacles: ExitStack) -> None:
    (port, *_) = ports.choose_ports({}).values()
    dead, live, link = (socket_path(part, port) for part in ("master", "filer", "s3"))
    for path in (dead, live):
        listener = obstacles.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen()
        if path == dead:
            listener.close()
        else:
            obstacles.callback(path.unlink)
    link.symlink_to(dead)
    obstacles.callback(link.unlink)
    ports.remove_dead_sockets([port])
    assert (dead.exists(), live.is_socket(), link.is_symlink()) == (False, True, True)


def test_a_few_free_ports_among_many_taken_ones_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    free = {*range(20_000, 20_010), 30_000}
    monkeypatch.setattr(ports, "_is_free", lambda port: port in free)
    monkeypatch.setattr(ports, "_FIRST_PORTS", range(19_000, 21_000))
    assert set(ports.choose_ports({}).values()) == free


def test_a_path_that_is_taken_after_the_choice_makes_it_choose_again(
    own_home: Path, obstacles: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose, is_free, first = secrets.choice, ports._is_free, ports.choose_ports({})
    firsts, seen_free = [first["admin.port"]], list(first)
    monkeypatch.setattr(secrets, "choice", lambda choices: firsts.pop() if firsts else choose(choices))
    monkeypatch.setattr(ports, "_is_free", lambda port: seen_free.pop() if seen_free else is_free(port))
    taken = socket_path("master", first["master.port.grpc"])
    put_obstacle(obstacles, taken)
    ensure_running(own_home)
    assert f"Failed to listen on gRPC Unix socket {taken}" in (own_home / "services.log.1").read_text()
    chosen: dict[str, int] = Home(own_home).read_record()["ports"]
    assert set(chosen.values()).isdisjoint(first.values())
    assert taken.is_dir()
    assert all(socket_path(part, chosen[f"{part}.port.grpc"]).is_socket() for part in PARTS[:4])
