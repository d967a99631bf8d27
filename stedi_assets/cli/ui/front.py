"""Which requests reach the UI: those of its own pages and of this user's programs, and no others.

Dagster's web server asks nobody who he is. It starts a run for `GET /graphql?query=mutation...`, which any web page can
have a browser ask by an image; it takes a websocket of any page; and it answers under any name, so that a page whose
name was made to mean 127.0.0.1 (DNS rebinding) reads everything. This stands before it and refuses these.

Only that: the middleware, which knows nothing of Dagster but the path of its API.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stedi_assets.cli.ui.peers import owner_of

API = "/graphql"
HERE = ("127.0.0.1", "localhost")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """A status and a sentence for whoever asked."""

    status: int
    reason: str


def front(names: Collection[str], users: Collection[int] | None) -> list[Middleware]:
    """The middleware. `names`: those by which browsers may know the UI; `users`: whose programs may ask, None: all."""
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=[*names], www_redirect=False),
        Middleware(Front, users=None if users is None else frozenset(users)),
    ]


class Front:
    """An ASGI application before another one. Raises nothing: it answers those whom it refuses."""

    def __init__(self, app: ASGIApp, users: frozenset[int] | None) -> None:
        self._app = app
        self._users = users

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._stranger(scope) or foreign(Headers(scope=scope)) or unasked(scope)
        if refusal is not None:
            log.warning("refused %r: %s", scope["path"][:100], refusal.reason)
            # A websocket that is answered so is closed by the server with 403, before it was open.
            await PlainTextResponse(f"stedi: {refusal.reason}\n", refusal.status)(scope, receive, send)
            return

        async def send_unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Frame-Options"] = "DENY"  # no other page shows it under its own
            await send(message)

        await self._app(scope, receive, send_unframed)

    def _stranger(self, scope: Scope) -> Refusal | None:
        if self._users is None:
            return None
        owner = owner_of(tuple(scope["client"]), tuple(scope["server"]))
        return None if owner in self._users else Refusal(403, "this is another user's; `stedi dev` serves its own user")


def foreign(headers: Headers) -> Refusal | None:
    """Another site's page asks: browsers say so of every request that could change or listen to something."""
    origin = headers.get("origin")
    if origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower():
        return None
    return Refusal(403, "pages of another origin may not ask")


def unasked(scope: Scope) -> Refusal | None:
    """A question that a browser would send for any page without asking here first whether it may."""
    if scope["type"] != "http" or scope["path"].rstrip("/") != API:
        return None
    headers = Headers(scope=scope)
    if scope["method"] in ("GET", "HEAD"):
        is_page = "text/html" in headers.get("accept", "")  # Dagster's playground, which then asks by POST
        return None if is_page else Refusal(405, "ask by POST, with JSON")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return None if kind == "application/json" else Refusal(415, "ask with JSON (Content-Type: application/json)")
