"""The home: its folder, the files of its keys, Dagster's folder in it.

Only looking: the home is made, and made private, by the first command that needs it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from stedi_assets.doctor.finding import Finding
from stedi_assets.keys import ERASURE_FILE, PSEUDONYM_FILE
from stedi_assets.settings import Settings

_OTHERS = 0o077  # rights of anyone but the owner
_ANOTHER = "mend its rights, or choose another home: --home or STEDI_HOME"


def folder(settings: Settings) -> Iterator[Finding]:
    """Whether it is there, can be written, is the owner's alone, and has space."""
    home = settings.home
    place = next(path for path in (home, *home.parents) if path.exists())  # what would hold it
    if not place.is_dir():
        yield Finding(
            "home", "wrong", f"{place} is a file, a folder is expected", "name a folder: --home or STEDI_HOME"
        )
        return
    if not os.access(place, os.W_OK | os.X_OK) or os.statvfs(place).f_flag & os.ST_RDONLY:
        yield Finding("home", "wrong", f"{place} cannot be written", _ANOTHER)
    elif place != home:
        yield Finding("home", "ok", f"{home}: made when it is first needed")
    elif (mode := _mode(home)) & _OTHERS and any(home.iterdir()):
        yield Finding("home", "wrong", f"{home} is open to other users ({mode:o})", f"close it: chmod 700 {home}")
    else:
        yield Finding("home", "ok", str(home))
    yield _space(place)


def _space(place: Path) -> Finding:
    from stedi_assets.lakehouse.services.disk import least_free

    space = shutil.disk_usage(place)
    found, least = f"{space.free / 2**30:,.1f} GB free at {place}", least_free(space.total)
    if space.free < least:
        wanted = f"free some, {least / 2**30:,.1f} GB are needed at least, or choose a home on another disk"
        return Finding("disk", "wrong", found, wanted)
    return Finding("disk", "ok", found)


def keys(settings: Settings) -> Iterator[Finding]:
    """Whether each file with a key is its owner's alone; none is read."""
    from stedi_assets.lakehouse.services.home import Home

    home = Home(settings.home)
    files = [home.credentials, home.certificate, home.identities]
    files += [home.folder / name for name in (PSEUDONYM_FILE, ERASURE_FILE)]
    present = [file for file in files if file.is_file()]
    for file in present:
        if (mode := _mode(file)) & _OTHERS:
            yield Finding(
                "key file", "wrong", f"{file} is open to other users ({mode:o})", f"close it: chmod 600 {file}"
            )
    closed = [file.name for file in present if not _mode(file) & _OTHERS]
    yield Finding(
        "key files", "ok", f"closed to others: {', '.join(closed)}" if closed else "none yet: made when needed"
    )


def erasures(settings: Settings) -> Iterator[Finding]:
    """Whether an erasure is not finished, while none is being carried out."""
    from stedi_assets.erasure.open_erasures import open_erasures
    from stedi_assets.lakehouse.lock import is_held

    left = open_erasures(settings.home)
    if left and not is_held(settings):
        yield Finding(
            "erasures",
            "wrong",
            f"not finished: {', '.join(left)}",
            "give the same stedi forget again, or run stedi run or stedi upkeep; their output names the obstacle",
        )


def dagster(settings: Settings) -> Iterator[Finding]:
    """Whether what Dagster keeps is in order."""
    place = settings.home / "dagster"
    configuration = place / "dagster.yaml"
    if not configuration.is_file():
        yield Finding("Dagster folder", "ok", f"{place}: made when it is first needed")
        return
    import yaml  # type: ignore[import-untyped]

    try:
        is_usable = isinstance(yaml.safe_load(configuration.read_text()), dict)
    except (OSError, ValueError, yaml.YAMLError):
        is_usable = False
    if is_usable:
        yield Finding("Dagster folder", "ok", str(place))
    else:
        remedy = "mend it, or delete it: it is made anew"
        yield Finding("Dagster folder", "wrong", f"{configuration} cannot be read as settings", remedy)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
