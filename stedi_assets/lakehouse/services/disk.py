"""The free space that a home's store needs on its disk."""

import shutil

from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home

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
