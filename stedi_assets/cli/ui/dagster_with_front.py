"""Dagster's own `dagster dev` and web server, with the front before the latter.

Only that, run as a program: `-m stedi_assets.cli.ui.dagster_with_front dev ...`. Dagster has no setting for it: its web
server takes middleware from a class of its own, and `dagster dev` starts that server by name. Both places are named
here once; `test_dev_closed` fails if a new version of Dagster has them elsewhere.
"""

import os
import pwd
import sys
from collections.abc import Sequence
from typing import Any

MODULE = "stedi_assets.cli.ui.dagster_with_front"
_SERVER = "dagster_webserver"


def dev() -> None:
    """`dagster dev`, whose web server is the one below. Its other processes are given the instance that it finds."""
    import dagster._cli.dev as module

    from stedi_assets.cli.dagster_home import take_paths_literally

    take_paths_literally()
    dagster_dev: Any = module
    whole = dagster_dev.open_ipc_subprocess

    def open_with_front(words: Sequence[str], **more: Any) -> Any:
        own = [part for word in words for part in ([MODULE, "webserver"] if word == _SERVER else [word])]
        return whole(own, **more)

    dagster_dev.open_ipc_subprocess = open_with_front
    dagster_dev.dev_command()


def webserver() -> None:
    """Dagster's web server, with the front."""
    from dagster_webserver import app as module
    from dagster_webserver import cli
    from dagster_webserver.webserver import DagsterWebserver
    from starlette.middleware import Middleware

    from stedi_assets.cli.ui.front import HERE, front
    from stedi_assets.cli.ui.peers import are_known
    from stedi_assets.settings import Settings

    # Else the server would believe what a client of this machine says about whose connection it is.
    os.environ["FORWARDED_ALLOW_IPS"] = ""
    user, _, host = Settings.load().behind.partition("@")
    names = [*HERE, *([host] if host else [])]
    users = {0, os.geteuid(), *([pwd.getpwnam(user).pw_uid] if user else [])} if are_known() else None

    class WithFront(DagsterWebserver):  # type: ignore[type-arg]
        def build_middleware(self) -> list[Middleware]:
            return [*front(names, users), *super().build_middleware()]

    app: Any = module
    app.DagsterWebserver = WithFront
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    command = {"dev": dev, "webserver": webserver}[sys.argv.pop(1)]
    command()
