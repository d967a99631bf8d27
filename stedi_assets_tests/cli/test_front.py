"""Who is answered by the UI of `stedi dev`: this user's programs and the UI's own pages, and no other page or user.

Here: the front before a small application that counts what reaches it, and before Dagster's. Not here: what a read-only
UI refuses, and that `stedi dev` has the front (`test_dev_closed`).
"""

import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from stedi_assets.cli.ui.front import HERE, front
from stedi_assets.cli.ui.peers import are_known, owner_of
from stedi_assets_tests.support import browser
from stedi_assets_tests.support.commands import wait_for

MUTATION = "/graphql?query=mutation%7Bx%7D"
JSON = {"Content-Type": "application/json"}
NOBODY = 65534
# What a page can have a browser send without asking; each says when it is through, or was refused.
ATTEMPTS = """
async (target) => {
  const image = new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = target + "IMAGE"; });
  const socket = new Promise(done => {
    const s = new WebSocket(target.replace("http", "ws").replace(/[?].*/, ""), "graphql-ws");
    s.onopen = () => done("open"); s.onerror = () => done("refused");
  });
  const post = (more) => fetch(target, {method: "POST", ...more}).then(() => "read", () => "not read");
  return [await image && "tried", await socket,
    await post({}), await post({mode: "no-cors", body: "{}"}),
    await post({headers: {"Content-Type": "application/json"}, body: "{}"})];
}
"""


@dataclass
class Served:
    """An application that is served; of the small one, what reached it."""

    port: int
    reached: list[str] = field(default_factory=list)

    def status(self, path: str, body: bytes | None = None, **headers: str) -> int:
        """Of a request of this test's own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, named)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code


@contextmanager
def running(application: Starlette) -> Iterator[int]:
    """The port at which it is served."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", forwarded_allow_ips=""))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        wait_for("the application", lambda: server.started)
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(middleware: list[Middleware]) -> Iterator[Served]:
    """The small application with that middleware."""
    reached: list[str] = []

    async def page(request: Request) -> Response:
        reached.append(f"{request.method} {request.url.path}")
        return HTMLResponse("<p>a page</p>") if request.method == "GET" else PlainTextResponse("done")

    async def listen(websocket: WebSocket) -> None:
        reached.append("websocket")
        await websocket.accept(subprotocol="graphql-ws")
        await websocket.close()

    routes = [
        Route("/graphql", page, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", listen),
        Route("/{path:path}", page, methods=["GET", "POST"]),
    ]
    with running(Starlette(routes=routes, middleware=middleware)) as port:
        yield Served(port, reached)


@pytest.fixture(scope="module")
def closed() -> Iterator[Served]:
    with served(front(HERE, {os.geteuid()})) as found:
        yield found


def test_own_pages_and_own_programs_are_answered(closed: Served) -> None:
    own = f"http://127.0.0.1:{closed.port}"
    assert closed.status("/graphql", b"{}", **JSON) == 200
    assert closed.status("/graphql", b"{}", Origin=own, **JSON) == 200
    assert closed.status("/graphql", Accept="text/html") == 200
    assert closed.status("/assets") == 200
    assert closed.status("/", Host="localhost:3000") == 200, "by a tunnel of one's own"


@pytest.mark.parametrize(
    ("status", "path", "body", "headers"),
    [
        (400, "/", None, {"Host": "rebound.example"}),
        (400, "/graphql", b"{}", {"Host": "127.0.0.1.rebound.example", **JSON}),
        (405, MUTATION, None, {}),
        (405, MUTATION.replace("?", "/?"), None, {}),
        (415, MUTATION, b"", {"Content-Type": "text/plain"}),
        (415, MUTATION, b"", {"Content-Type": "application/x-www-form-urlencoded"}),
        (415, "/graphql", b"{}", {"Content-Type": "text/plain; application/json"}),
        (403, "/graphql", b"{}", {"Origin": "http://evil.example", **JSON}),
        (403, "/graphql", b"{}", {"Origin": "null", **JSON}),
        (403, "/graphql", b"{}", {"Origin": "http://127.0.0.1:1", **JSON}),
        (403, "/report_asset_materialization/a", b"", {"Origin": "http://evil.example"}),
    ],
)
def test_what_another_page_could_send_is_refused(
    closed: Served, status: int, path: str, body: bytes | None, headers: dict[str, str]
) -> None:
    closed.reached.clear()
    assert closed.status(path, body, **headers) == status
    assert closed.reached == []


@pytest.mark.parametrize("is_closed", [False, True])
def test_another_page_in_a_browser_reaches_nothing(is_closed: bool, chromium: str) -> None:
    """And where there is no front it reaches everything that is no JSON: so it would ask Dagster."""
    with (
        served(front(HERE, {os.geteuid()}) if is_closed else []) as target,
        served([]) as foreign,
        browser.browser() as opened,
    ):
        page = opened.new_page()
        page.goto(f"http://127.0.0.1:{foreign.port}/")
        tried = page.evaluate(ATTEMPTS, f"http://127.0.0.1:{target.port}{MUTATION}")
    assert tried == ["tried", "refused" if is_closed else "open", "not read", "read", "not read"]
    reached = ["GET /graphql", "POST /graphql", "POST /graphql", "websocket"]
    assert sorted(target.reached) == ([] if is_closed else reached)


def test_no_other_page_shows_the_ui_in_a_frame(closed: Served) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{closed.port}/", timeout=20) as response:
        assert response.headers["X-Frame-Options"] == "DENY"


def asked_by(user: int, port: int, *headers: str) -> str:
    """The status that a program of that user gets. Only root may become another one."""
    ask = (
        "import encodings.idna, os, socket, sys; os.setuid(int(sys.argv[2])); "
        "s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); "
        "s.sendall(sys.stdin.buffer.read()); print(s.recv(12).decode()[9:])"
    )
    request = "\r\n".join(["GET / HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""])
    words = [sys.executable, "-S", "-c", ask, str(port), str(user)]
    return subprocess.run(words, input=request.encode(), capture_output=True, check=True).stdout.decode().strip()


def test_another_user_of_the_machine_is_refused() -> None:
    """Tried as another user where the test may (as root), else by a front that takes this one for another."""
    is_root = os.geteuid() == 0
    assert are_known()
    user = NOBODY if is_root else os.geteuid()
    with served(front(HERE, {user + 1})) as found:
        lie = f"X-Forwarded-For: 127.0.0.1:{found.port}"
        assert [asked_by(user, found.port), asked_by(user, found.port, lie)] == ["403", "403"]
        assert found.reached == []
    with served(front(HERE, {user})) as found:
        assert asked_by(user, found.port) == "200", "as a proxy's that was named"


def test_who_has_left_is_nobody() -> None:
    """Of a connection that was left the kernel says that it is root's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        name = client.getsockname()
        assert owner_of(name, server.getsockname()) == os.geteuid()
        client.close()
        assert owner_of(name, server.getsockname()) is None


def test_dagster_itself_answers_what_the_front_refuses() -> None:
    """Else the front would be for nothing."""
    with (
        DagsterInstance.local_temp() as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace,
        running(create_app_from_workspace_process_context(workspace)) as port,
    ):
        dagsters = Served(port)
        assert dagsters.status("/graphql?query=%7Bversion%7D", Host="rebound.example") == 200
        assert dagsters.status("/graphql?query=%7Bversion%7D", b"", Origin="http://evil.example") == 200
