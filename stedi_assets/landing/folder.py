"""Files on this machine that are to become landing objects: which they are, and by which keys.

Here: finding and naming them, and telling whether an object holds one's bytes. Not here: bringing them into a landing
zone (`zone`, `delivery`).
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stedi_assets.contracts import SOURCES

SUFFIXES = (".json", ".json.gz")
# Folder names that a source goes by; the first is the zone's own.
FOLDER_NAMES = {source: (source,) for source in SOURCES} | {"customer": ("customer", "customers")}


class LandingError(ValueError):
    """A landing zone or folder that cannot be used: what was expected, what was found, what to do."""


def files_by_key(folder: Path, prefix: str) -> dict[str, Path]:
    """The folder's files by the keys that they are mirrored to. Raises LandingError."""
    if not folder.is_dir():
        raise LandingError(f"{folder} is no folder; a folder with {', '.join(SOURCES)} in it is expected")
    files: dict[str, Path] = {}
    for source, names in FOLDER_NAMES.items():
        roots = [folder / name for name in names if (folder / name).is_dir()]
        if len(roots) != 1:
            found = ", ".join(root.name for root in roots) or ", ".join(sorted(p.name for p in folder.iterdir())[:9])
            raise LandingError(
                f"{folder} needs one folder {' or '.join(names)} in it; found: {found or 'nothing'}. "
                "Nothing was changed"
            )
        found_files = sorted(landing_files(roots[0]))
        if not found_files:
            raise LandingError(f"{roots[0]} has no {' or '.join(SUFFIXES)} files in it. Nothing was changed")
        files |= {f"{prefix}{source}/mirror/{key_of_file(path, roots[0])}": path for path in found_files}
    return files


def landing_files(root: Path) -> Iterator[Path]:
    """Every landing file below a folder, links followed. Raises LandingError for one that cannot be read.

    A folder that cannot be entered must not look empty: its objects would leave the mirror.
    """

    def refuse(error: OSError) -> None:
        raise LandingError(f"{error.filename}: {(error.strerror or '').lower()}; nothing was changed")

    for folder, _, names in os.walk(root, onerror=refuse, followlinks=True):
        for path in (Path(folder, name) for name in names if name.lower().endswith(SUFFIXES)):
            yield readable(path)


def readable(path: Path) -> Path:
    """The file, if it is one that can be read. Raises LandingError."""
    if not (path.is_file() and os.access(path, os.R_OK)):
        raise LandingError(f"{path} cannot be read as a file; nothing was changed")
    return path


def key_of_file(path: Path, root: Path) -> str:
    """The key of a file, another one for each name: a name may be any bytes, a key is text without backslashes.

    A backslash becomes a slash in the embedded store, so it and bytes that are not UTF-8 stand as %NN, as does %.
    """
    name = path.relative_to(root).as_posix().replace("%", "%25").replace("\\", "%5C")
    return "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in name)


def holds(path: Path, entry: Mapping[str, Any] | None) -> bool:
    """Whether the object holds the file's bytes: the ETag of an object put in one piece is their MD5."""
    if entry is None or entry["Size"] != path.stat().st_size:
        return False
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return bool(entry["ETag"].strip('"') == digest)
