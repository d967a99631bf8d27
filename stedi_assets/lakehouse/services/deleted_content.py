"""Take deleted content out of the files of a home's store, and check that it is gone.

weed by itself waits until a third of a file is deleted content.
"""

import time
from pathlib import Path

from stedi_assets.lakehouse.services import shell
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.lifecycle import restart
from stedi_assets.lakehouse.services.server import Server, recorded_server
from stedi_assets.lakehouse.services.volumes import faults_of, mounted_volumes, undeleted_of

# The filer passes deletions on to the volumes every 1.1 s; a vacuum before that would leave the newest.
_DELETION_SECONDS = 1.5
_ATTEMPTS = 3  # other clients may delete while it is vacuumed


def vacuum(home: Path) -> None:
    """Rewrite the store's files without deleted content. An upload under way is left as it is.

    Raises:
        ServicesError: The services do not run, or deleted content is left.
    """
    place = Home(home)
    server = _server_of(place)
    for _ in range(_ATTEMPTS):
        time.sleep(_DELETION_SECONDS)
        shell.vacuum(place, server.ports)
        left = [*faults_of(place, server.ports), *undeleted_of(place, server.ports)]
        if not left:
            return
    raise ServicesError(
        f"expected no deleted content in the files of {place.store}, found {', '.join(left)}; see {place.log}, "
        "free disk space or remove what is in the way, then run it again (`stedi down` first mends damaged files)"
    )


def vacuum_all(home: Path) -> None:
    """Do the same also to content that no object names, which a killed server or a broken upload leaves behind.

    The services are restarted where there is such content, or a file that takes no change: an upload under way then
    ends with an error.

    Raises:
        ServicesError: The services do not run, or deleted content is left.
    """
    place = Home(home)
    server = _server_of(place)
    time.sleep(_DELETION_SECONDS)
    if faults_of(place, server.ports) or _has_orphans(place, server):
        restart(home)
    vacuum(home)


def _has_orphans(home: Home, server: Server) -> bool:
    volume_ids = mounted_volumes(home, server.ports)
    return bool(volume_ids and shell.find_orphans(home, server.ports, volume_ids).chunks)


def _server_of(home: Home) -> Server:
    server = recorded_server(home)
    if server is None:
        raise home.not_running()
    return server
