"""Orders to a running server through `weed shell`.

Contains the orders that no request can give: the master's operations over HTTP are closed, as anyone could use them.
"""

import os
import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass

from stedi_assets.lakehouse.services.configuration import QUIET, grpc_environment
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.ports import Ports
from stedi_assets.lakehouse.services.server import find_weed

_PARTS = ("master", "filer")
_TIMEOUT_SECONDS = 600.0
# A share of the garbage in a volume: one record of fifty bytes in a volume of many gigabytes is more than this.
_VACUUM = "volume.vacuum -garbageThreshold=0.000000000001"
SAVED_INDEX = "index.meta"  # a file of the store
_SAVED = re.compile(r"^total (\d+) directories, (\d+) files", re.MULTILINE)
_TOTAL = re.compile(r"^Total\s+entries:(\d+)\s+orphan:(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Orphans:
    """Chunks in the volumes that no object names, and chunks in all."""

    chunks: int
    of: int

    @property
    def share(self) -> float:
        """Their share of all chunks, from 0 to 1."""
        return self.chunks / self.of if self.of else 0.0


def vacuum(home: Home, ports: Ports) -> None:
    """Rewrite each volume without its deleted content. weed skips a volume without an error."""
    _order(home, ports, f"lock; {_VACUUM}; unlock")


def find_orphans(home: Home, ports: Ports, volume_ids: Collection[int]) -> Orphans:
    """Count the chunks of these volumes that no object names; an upload under way has such chunks. Delete none."""
    counted = _TOTAL.search(_fsck(home, ports, volume_ids))
    if counted is None:
        raise _failure(home, "volume.fsck", "no count")
    return Orphans(chunks=int(counted[2]), of=int(counted[1]))


def delete_orphans(home: Home, ports: Ports, volume_ids: Collection[int]) -> None:
    """Delete the chunks of these volumes that no object names. Only where no client can write: see `recovery`."""
    _fsck(home, ports, volume_ids, "-reallyDeleteFromVolume")


def sync_objects(home: Home, ports: Ports) -> None:
    """Have the store sync each object of the buckets to the disk before it acknowledges it, from now on."""
    _order(home, ports, "fs.configure -locationPrefix=/buckets/ -fsync -apply")


def save_index(home: Home, ports: Ports) -> int:
    """Write every entry of the index to a file in the store; return how many there are."""
    counted = _SAVED.search(_order(home, ports, f"fs.meta.save -o {SAVED_INDEX} /"))
    if counted is None:
        raise _failure(home, "fs.meta.save", "no count")
    return int(counted[1]) + int(counted[2])


def load_index(home: Home, ports: Ports) -> None:
    """Add the entries that `save_index` wrote to the index."""
    _order(home, ports, f"fs.meta.load {SAVED_INDEX}")


def _fsck(home: Home, ports: Ports, volume_ids: Collection[int], *more: str) -> str:
    # The ids are given because weed then refuses those that it does not know yet: it would take them for empty.
    ids = ",".join(map(str, sorted(volume_ids)))
    command = " ".join(["volume.fsck", f"-volumeId={ids}", "-cutoffTimeAgo=0s", *more])
    return _order(home, ports, f"lock; {command}; unlock")


def _order(home: Home, ports: Ports, commands: str) -> str:
    addresses = [f"-{part}=127.0.0.1:{ports[f'{part}.port']}.{ports[f'{part}.port.grpc']}" for part in _PARTS]
    environment = {
        "PATH": os.defpath,
        "HOME": str(home.store),
        "TMPDIR": str(home.store),  # fsck writes the names of objects there
        **grpc_environment(home, "CLIENT"),
    }
    try:
        done = subprocess.run(
            [find_weed(), *QUIET, "shell", *addresses],
            input="\n".join(commands.split("; ")) + "\n",
            env=environment,
            cwd=home.store,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failure(home, commands, str(error)) from error
    failures = [line for line in (done.stdout + done.stderr).splitlines() if "error:" in line.lower()]
    if done.returncode or failures:
        raise _failure(home, commands, (failures or [done.stderr.strip()])[-1])
    return done.stdout


def _failure(home: Home, commands: str, found: str) -> ServicesError:
    return ServicesError(f"expected '{commands}' to be carried out, found '{found}'; see {home.log}, and try again")
