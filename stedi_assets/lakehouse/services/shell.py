"""Orders to a running server through `weed shell`.

Only those that no request can give: the master's operations over HTTP are closed, as anyone could use them.
"""

import os
import subprocess
import time
from pathlib import Path

from stedi_assets.lakehouse.services.configuration import QUIET, grpc_environment
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.ports import Ports
from stedi_assets.lakehouse.services.server import find_weed, recorded_server

_PARTS = ("master", "filer")
_TIMEOUT_SECONDS = 120.0
# The filer passes deletions on to the volumes every 1.1 s; a vacuum before that would leave the newest.
_DELETION_SECONDS = 1.5
# A share of the garbage in a volume: one record of fifty bytes in a volume of many gigabytes is more than this.
_ANY_GARBAGE = "0.000000000001"
# Younger content without a name may be an upload that is not finished yet.
_NAMELESS_SECONDS = 5

_VACUUM = (
    f"lock; volume.fsck -reallyDeleteFromVolume -cutoffTimeAgo {_NAMELESS_SECONDS}s; "
    f"volume.vacuum -garbageThreshold={_ANY_GARBAGE}; unlock"
)


def vacuum(home: Path) -> None:
    """Takes what was deleted out of the store's files. weed by itself waits until it is a third of a file.

    Also content that no object names any more: a server that is killed forgets which deletions it had yet to pass on.
    Call it where nobody else writes. Raises ServicesError.
    """
    place = Home(home)
    server = recorded_server(place)
    if server is None:
        raise ServicesError(f"expected the services of {place.folder} to run, found none; start them first")
    time.sleep(_DELETION_SECONDS)
    _order(place, server.ports, _VACUUM)


def _order(home: Home, ports: Ports, commands: str) -> str:
    addresses = [f"-{part}=127.0.0.1:{ports[f'{part}.port']}.{ports[f'{part}.port.grpc']}" for part in _PARTS]
    try:
        done = subprocess.run(
            [find_weed(), *QUIET, "shell", *addresses],
            input="\n".join(commands.split("; ")) + "\n",
            env={"PATH": os.defpath, "HOME": str(home.store), **grpc_environment(home, "CLIENT")},
            cwd=home.store,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServicesError(
            f"expected '{commands}' to be carried out, found '{error}'; see {home.log}, and try again"
        ) from error
    failures = [line for line in (done.stdout + done.stderr).splitlines() if "error:" in line.lower()]
    if done.returncode or failures:
        raise ServicesError(
            f"expected '{commands}' to be carried out, found '{(failures or [done.stderr.strip()])[-1]}'; "
            f"see {home.log}, and try again"
        )
    return done.stdout
