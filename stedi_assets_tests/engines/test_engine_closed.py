"""The embedded engine is this process's alone: another program of the machine does not get in, or is noticed."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pyspark.sql import SparkSession

from stedi_assets.lakehouse.engines import EngineError, embedded
from stedi_assets.lakehouse.engines.door import shut
from stedi_assets.lakehouse.engines.embedded import embedded_session, stop_embedded
from stedi_assets.lakehouse.store import Store
from stedi_assets_tests.support.commands import command, serve, wait_for
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, lines, write_landing
from stedi_assets_tests.support.stranger import stranger, visited_before_it_closes


@pytest.fixture
def engine(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[SparkSession]:
    """The session of an engine of the test's own."""
    monkeypatch.setattr(embedded, "_started", {})
    yield embedded_session(store)
    stop_embedded()


def port() -> int:
    return int(embedded._started["url"].rpartition(":")[2])


def listening(process: psutil.Process) -> list[int]:
    return [c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN]


def reaches_itself(process: psutil.Process) -> bool:
    """Whether both ends of a connection are in this process: the engine and its client."""
    connected = [c for c in process.net_connections("tcp") if c.status == psutil.CONN_ESTABLISHED]
    return bool({c.laddr.port for c in connected} & {c.raddr.port for c in connected})


def test_the_stranger_is_served_where_nothing_is_closed() -> None:
    """Else the tests below would pass for a stranger who does not know how to ask."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start(background=True)
    assert server.listening_address is not None
    with stranger(server.listening_address[1]) as said:
        assert said == "served"
    server.stop()


def test_a_stranger_is_refused_and_the_session_goes_on(engine: SparkSession) -> None:
    for rows in range(100):
        assert engine.range(rows).count() == rows
    with stranger(port()) as said:
        assert said == "refused"
        doubled = engine.range(5).mapInArrow(lambda batches: batches, "id long")
        assert [row.id for row in doubled.collect()] == [0, 1, 2, 3, 4]
    assert port() not in listening(psutil.Process())


def test_whoever_waits_for_a_guest_at_a_closed_door_waits() -> None:
    """The engine asks again and again where it is told that there can be none, with half of the machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = listener.getsockname()
        shut(address)
        with pytest.raises(BlockingIOError):
            listener.accept()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        assert not Path(str(listener.getsockname())).exists(), "nobody finds the other socket"


def test_a_stranger_who_was_there_before_is_noticed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        visited_before_it_closes(monkeypatch),
        pytest.raises(EngineError, match="another program of this machine connected"),
    ):
        embedded_session(store)
    assert embedded._started == {}
    monkeypatch.undo()
    monkeypatch.setattr(embedded, "_started", {})
    assert embedded_session(store).range(3).count() == 3, "the next one is well"
    stop_embedded()


@pytest.fixture
def forgets_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an engine takes for long by itself, a quarter of an hour, is one second."""
    monkeypatch.setenv("SAIL_SPARK__SESSION_TIMEOUT_SECS", "1")


def test_a_session_that_asks_nothing_for_long_is_kept(forgets_soon: None, engine: SparkSession) -> None:
    idle_since = time.monotonic()
    wait_for("the engine to forget", lambda: time.monotonic() - idle_since > 3)
    assert engine.range(5).count() == 5


def test_an_engine_after_an_engine_is_closed_as_well(engine: SparkSession, store: Store) -> None:
    """And leaves no socket behind."""
    sockets = psutil.Process().num_fds()
    first = port()
    stop_embedded()
    again = embedded_session(store)
    assert embedded_session(store) is again
    assert again.range(7).count() == 7
    with stranger(port()) as said, stranger(first) as said_before:
        assert (said, said_before) == ("refused", "refused")
    assert psutil.Process().num_fds() == sockets


def test_after_a_session_that_was_stopped_there_is_another(engine: SparkSession, store: Store) -> None:
    """As in a notebook, whose owner tidies up."""
    engine.stop()
    assert embedded_session(store).range(3).count() == 3


def test_a_run_listens_nowhere(own_home: Path, tmp_path: Path) -> None:
    """But for its home's services, which are another process."""
    landing = write_landing(tmp_path / "landing", *map(lines, (CUSTOMERS, MOTIONS, STEPS)))
    log = tmp_path / "run.log"
    run = serve("stedi", "run", "--landing", str(landing), "--expect", "none", home=own_home, log=log)
    process = psutil.Process(run.pid)
    last: list[list[int]] = []

    def is_over() -> bool:
        if run.poll() is None and process.status() != psutil.STATUS_ZOMBIE and reaches_itself(process):
            last[:] = [listening(process)]
        return run.poll() is not None

    wait_for("the end of the run", is_over)
    assert run.returncode == 0, log.read_text()
    assert last == [[]]
    counted = command("stedi", "query", "SELECT count(*) FROM customer_trusted", "--format", "csv", home=own_home)
    assert counted.stdout.splitlines()[1:] == ["2"]
