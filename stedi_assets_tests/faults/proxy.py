"""A faulty store: a proxy in front of S3 and the catalog that does to requests what a plan says.

Here: passing requests on, and the ways in which one goes wrong. Not here: which of them does (`plans`). Signatures
hold, because the host that a client signed for is passed on as it is.
"""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

S3, CATALOG = "s3", "catalog"
MARK = "/mark/"  # below it a run tells how far it is; no store is asked
RESET, TRUNCATE, HANG = "reset", "truncate", "hang"
_OF_ONE_HOP = {"connection", "expect", "keep-alive", "transfer-encoding", "content-length"}
_LONGEST_HANG_SECONDS = 120


@dataclass(frozen=True)
class Request:
    """A request as it came; `body` is whole."""

    to: str
    method: str
    path: str
    body: bytes

    @property
    def is_mark(self) -> bool:
        return self.path.startswith(MARK)

    @property
    def is_change(self) -> bool:
        """Whether the store is another one after it. A POST to S3 deletes, or begins and ends uploads."""
        return self.method in ("PUT", "DELETE", "POST") and not self.is_mark


@dataclass(frozen=True)
class Fault:
    """What becomes of a request. passes: the store carries it out all the same, and only the answer goes wrong.

    status: the answer. how: instead of an answer the connection is reset, half of one comes, or nothing.
    """

    passes: bool = False
    status: int = 0
    how: str = ""

    def __str__(self) -> str:
        return f"{self.how or self.status}{' after it took effect' if self.passes else ''}"


Plan = Callable[[Request], Fault | None]


class Proxy:
    """Two ports, one for S3 and one for the catalog, and the plan for both."""

    def __init__(self, s3_url: str, catalog_url: str) -> None:
        self.plan: Plan = nothing
        self.is_open = True
        self._lock = threading.Lock()
        self._servers = {S3: _Server(self, S3, s3_url), CATALOG: _Server(self, CATALOG, catalog_url)}
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def s3_url(self) -> str:
        return self._servers[S3].url

    @property
    def catalog_url(self) -> str:
        return self._servers[CATALOG].url

    def asked(self, request: Request) -> Fault | None:
        with self._lock:
            return self.plan(request)

    @contextmanager
    def following(self, plan: Plan) -> Iterator[None]:
        self.plan = plan
        try:
            yield
        finally:
            self.plan = nothing

    def close(self) -> None:
        self.is_open = False
        for server in self._servers.values():
            server.shutdown()
            server.server_close()


def nothing(request: Request) -> Fault | None:
    """The plan of a store that is well."""
    return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: Proxy, to: str, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.proxy, self.to, self.target = proxy, to, urlsplit(target).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or gave up, is no news."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._store = http.client.HTTPConnection(self.server.target, timeout=_LONGEST_HANG_SECONDS)

    def finish(self) -> None:
        self._store.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: paths name objects."""

    def pass_on(self) -> None:
        request = Request(self.server.to, self.command, self.path, self._body())
        fault = self.server.proxy.asked(request)
        if request.is_mark:
            status, headers, body = 204, list[tuple[str, str]](), b""
        elif fault is None or fault.passes:
            status, headers, body = self._ask_store(request.body)
        else:
            status, headers, body = 500, [], b""
        if fault is not None and fault.status:
            status, headers, body = fault.status, [], b""
        self._answer(status, headers, body, fault.how if fault else "")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815 - names of the base class

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _ask_store(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        try:
            return self._sent(body)
        except (http.client.HTTPException, OSError):
            # The store closed a connection that lay idle, or it is down: then the client is to see just that.
            self._store.close()
            try:
                return self._sent(body)
            except (http.client.HTTPException, OSError):
                self._reset()
                raise

    def _sent(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        self._store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _OF_ONE_HOP:
                self._store.putheader(name, value)
        self._store.putheader("Content-Length", str(len(body)))
        self._store.endheaders(body)
        answer = self._store.getresponse()
        content = answer.read()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP]
        if self.command == "HEAD" and (length := answer.getheader("Content-Length")):
            headers.append(("Content-Length", length))
        return answer.status, headers, content

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, how: str) -> None:
        if how == HANG:
            self._hang()
        if how in (HANG, RESET):
            self._reset()
            return
        if not any(name == "Content-Length" for name, _ in headers) and status != 204:
            headers = [*headers, ("Content-Length", str(len(body)))]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        whole = f"HTTP/1.1 {status} {http.client.responses.get(status, '')}\r\n{head}\r\n".encode() + body
        if how == TRUNCATE:
            self.connection.sendall(whole[: -max(1, len(body) // 2)])
            self._reset()
        else:
            self.connection.sendall(whole)

    def _hang(self) -> None:
        """Until the client gives up, or the proxy goes."""
        self.connection.settimeout(0.2)
        for _ in range(_LONGEST_HANG_SECONDS * 5):
            try:
                if not self.server.proxy.is_open or not self.connection.recv(1):
                    return
            except TimeoutError:
                continue

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
