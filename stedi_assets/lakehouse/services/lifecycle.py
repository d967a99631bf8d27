"""When the server of a home is started and stopped, and when it is ready.

Here: the decisions. The lock is held only while a server is looked for and spawned, so that several commands
can wait for the same one; whoever finds it dead looks again. Not here: the process (`server`), requests to it
(`probe`).
"""

import re
import time
from pathlib import Path

from stedi_assets.lakehouse.services import index, probe, recovery, shell
from stedi_assets.lakehouse.services import server as process
from stedi_assets.lakehouse.services.endpoints import Endpoints, ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.keys import read_keys
from stedi_assets.lakehouse.services.ports import remove_dead_sockets
from stedi_assets.lakehouse.services.server import Server

_POLL_SECONDS = 0.025
# A server that dies is started once more: it may just have been killed, and what else it dies of comes back.
_MOST_LAUNCHES = 2
_MOST_LAUNCHES_FOR_PORTS = 5
_PORT_TAKEN = re.compile(r"address already in use|[Pp]ort \d+ for .* is not available")


class PendingServices:
    """Services that were found or spawned, and may not answer yet."""

    def __init__(self, home: Home, server: Server, *, launched: bool) -> None:
        self._home = home
        self._server = server
        self._launches = int(launched)

    def wait(self, timeout_seconds: float = 60) -> Endpoints:
        """Returns when S3 and the catalog answer signed requests, refuse others, and both buckets exist.

        A server that finds one of its ports taken is started again on others. Raises ServicesError.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            endpoints = _endpoints(self._home, self._server)
            obstacle = self._make_usable(endpoints)
            # First: with a socket's path taken, weed's parts wait for each other and never end.
            if not self._has_moved() and obstacle is None:
                if not index.syncs_objects(self._home):
                    shell.sync_objects(self._home, self._server.ports)
                return endpoints
            if not process.is_alive(self._home, self._server):
                self._replace_dead()
            elif time.monotonic() > deadline:
                raise ServicesError(
                    f"expected the services of {self._home.folder} to be ready within {timeout_seconds:g} s, "
                    f"found that process {self._server.pid} runs but {obstacle}; see {self._home.log}, "
                    "run `stedi down` and try again"
                )
            else:
                time.sleep(_POLL_SECONDS)

    def _make_usable(self, endpoints: Endpoints) -> str | None:
        # Until then another program may have the port: its answers mean nothing, and it is told nothing.
        if not process.listens(self._server):
            return "does not listen"
        if probe.serves_strangers(endpoints):
            process.end(self._home, self._server)
            raise ServicesError(
                "expected the services to refuse unsigned requests, found that they answer them; "
                "the server was ended: try again, and report it if it happens again"
            )
        return probe.make_usable(endpoints)

    def _has_moved(self) -> bool:
        """Ends a server launched here that found a port or a socket's path taken; it has moved to another port, which
        nobody knows, or will never answer."""
        moved = self._has_missed_a_port()
        if moved:
            process.end(self._home, self._server)
        return moved

    def _has_missed_a_port(self) -> bool:
        return self._launches > 0 and _PORT_TAKEN.search(self._home.read_log()) is not None

    def _replace_dead(self) -> None:
        """Takes another server for one that died meanwhile. Raises ServicesError with its last words."""
        with self._home.lock():
            if another := process.running_server(self._home):
                self._server = another
                return
            port_taken = self._has_missed_a_port()
            if self._launches < (_MOST_LAUNCHES_FOR_PORTS if port_taken else _MOST_LAUNCHES):
                self._server = _launch(self._home, fresh_ports=port_taken)
                self._launches += 1
                return
            said = _last_words(self._home)
            remove_dead_sockets(self._server.ports.values())
        raise ServicesError(
            f"expected the services of {self._home.folder} to start, found that weed ended: "
            f"{said or 'it said nothing'}; see {self._home.log}"
        )


def start(home: Path) -> PendingServices:
    """Finds the home's server or spawns it, and returns at once: import in the meantime, then wait.

    Raises ServicesError where no server can be spawned.
    """
    place = Home(home)
    place.prepare()
    if server := process.recorded_server(place):
        return PendingServices(place, server, launched=False)
    with place.lock():
        found = process.running_server(place)
        return PendingServices(place, found or _launch(place), launched=found is None)


def ensure_running(home: Path, timeout_seconds: float = 60) -> Endpoints:
    """The services of the home, found running or started on its data, ready to use. Raises ServicesError."""
    return start(home).wait(timeout_seconds)


def find(home: Path) -> Endpoints | None:
    """The services of the home if they run and answer; changes nothing.

    Raises ServicesError if they run and the keys are damaged.
    """
    seen = look(home)
    return seen[0] if seen and all(seen[1:]) else None


def look(home: Path) -> tuple[Endpoints, bool, bool] | None:
    """The services of the home if their process runs, and whether S3 and the catalog answer; changes nothing.

    Raises ServicesError if they run and the keys are damaged.
    """
    place = Home(home)
    server = process.recorded_server(place)
    if server is None:
        return None
    endpoints = _endpoints(place, server)
    return endpoints, *probe.part_answers(endpoints)


def stop(home: Path) -> bool:
    """Ends the home's server and returns when it is gone; whether there was one. Raises ServicesError."""
    place = Home(home)
    if not place.store.is_dir():
        return False
    with place.lock():
        server = process.running_server(place)
        if server:
            process.end(place, server)
    return server is not None


def restart(home: Path) -> Endpoints:
    """End the home's server, delete content that no object names, and start it again.

    Raises:
        ServicesError: The server does not start, or the content could not be deleted; then the server runs.
    """
    place, failure = Home(home), None
    with place.lock():
        if server := process.running_server(place):
            process.end(place, server)
        try:
            recovery.delete_orphans(place)
        except ServicesError as error:
            failure = error
        pending = PendingServices(place, _launch(place), launched=True)
    endpoints = pending.wait()
    if failure:
        raise failure
    return endpoints


def restore_index(home: Path) -> None:
    """End the server, and put the copy of the store's index back where the index is lost or damaged.

    Raises:
        ServicesError: There is no copy, or an index that is not damaged.
    """
    place = Home(home)
    with place.lock():
        if server := process.running_server(place):
            process.end(place, server)
        index.put_copy_back(place)


def _launch(home: Home, *, fresh_ports: bool = False) -> Server:
    recovery.recover(home)
    return process.launch(home, fresh_ports=fresh_ports)


def _endpoints(home: Home, server: Server) -> Endpoints:
    keys = read_keys(home)
    if keys is None:
        raise ServicesError(
            f"expected the keys of the running services in {home.credentials}, found no such file; "
            "run `stedi down` and try again: new keys are made, the data stays"
        )
    return Endpoints(
        s3_url=f"http://127.0.0.1:{server.ports['s3.port']}",
        catalog_url=f"http://127.0.0.1:{server.ports['s3.port.iceberg']}",
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        pid=server.pid,
    )


def _last_words(home: Home) -> str:
    keys = read_keys(home)
    return keys.strike_from(home.last_words()) if keys else ""
