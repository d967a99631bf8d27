"""The free space that a home's store needs on its disk."""

import shutil
from pathlib import Path

from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.volumes import files_of

# With less, weed takes no more objects: it starts all the same, and answers them with an internal error.
_LEAST_FREE_SHARE = 0.01
_LEAST_FREE_BYTES = 128 * 2**20


def least_free(total: int) -> int:
    """Return how many bytes have to be free on a disk of that size."""
    return max(int(total * _LEAST_FREE_SHARE), _LEAST_FREE_BYTES)


def refuse_full_disk(home: Home) -> None:
    """Raise ServicesError where weed would take no more objects."""
    with home.writing():
        space = shutil.disk_usage(home.store)
    least = least_free(space.total)
    if space.free < least:
        raise ServicesError(
            f"expected at least {least // 2**20} MB free on the disk of {home.store}, "
            f"found {space.free // 2**20} MB; free some, or choose a home on another disk"
        )


def space_to_clean(home: Home, total: int) -> int:
    """Return how many bytes have to be free on a disk of that size so that deleted content can be taken out."""
    files = files_of(home).values()
    largest = max((sum(f.stat().st_size for f in (d, d.with_suffix(".idx")) if f.exists()) for d in files), default=0)
    return largest + least_free(total)


def refuse_little_space(folder: Path) -> None:
    """Raise ServicesError where the store of the home in this folder could not be cleaned."""
    home = Home(folder)
    space = shutil.disk_usage(home.store)
    needed = space_to_clean(home, space.total)
    if space.free < needed:
        raise ServicesError(
            f"expected at least {needed // 2**20} MB free on the disk of {home.store}, because an erasure writes the "
            f"largest file of the store again, found {space.free // 2**20} MB; free some. Nothing was erased"
        )
