"""The volumes of a home's store: the files that hold the content of its objects, and the state that weed has them in.

For taking deleted content out of them, see `deleted_content`; for damage after an unclean end, see `recovery`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.ports import Ports

SUPERBLOCK_BYTES = 8  # all that a volume without content has
_FILE = re.compile(r"(?:.+_)?(\d+)")  # of the name without its suffix: COLLECTION_ID, or ID for weed's own
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Volume:
    """A volume as the running server reports it."""

    id: int
    deleted_bytes: int
    is_read_only: bool


def files_of(home: Home) -> dict[int, Path]:
    """Return the data file of each volume in the store, by id."""
    found = {path: _FILE.fullmatch(path.stem) for path in sorted(home.store.glob("*.dat"))}
    return {int(name[1]): path for path, name in found.items() if name}


def mounted_volumes(home: Home, ports: Ports) -> Mapping[int, Volume]:
    """Return the volumes that the server has mounted, by id. Raises ServicesError if it does not answer."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(f"127.0.0.1:{ports['volume.port']}", timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/status")
        listed = json.loads(connection.getresponse().read())["Volumes"] or []
        volumes = (Volume(v["Id"], v["DeletedByteCount"], v["ReadOnly"]) for v in listed)
        return {volume.id: volume for volume in volumes}
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        raise home.not_running() from None
    finally:
        connection.close()


def faults_of(home: Home, ports: Ports) -> list[str]:
    """Describe each volume that takes no change: not mounted, or read-only."""
    mounted = mounted_volumes(home, ports)
    states = {path.name: mounted.get(volume_id) for volume_id, path in files_of(home).items()}
    return [
        f"{name} {'not mounted' if volume is None else 'read-only'}"
        for name, volume in states.items()
        if volume is None or volume.is_read_only
    ]


def undeleted_of(home: Home, ports: Ports) -> list[str]:
    """Describe each volume whose file still holds deleted content."""
    files = files_of(home)
    return [
        f"{volume.deleted_bytes:,} deleted bytes in {files[volume.id].name}"
        for volume in mounted_volumes(home, ports).values()
        if volume.deleted_bytes and volume.id in files
    ]
