"""A delivery: files that are added to a landing zone beside what lies there, as the devices add theirs.

Here: which files it has, by which names, and its id. Not here: bringing it into a zone (`zone`).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stedi_assets.contracts import SOURCES
from stedi_assets.landing.folder import FOLDER_NAMES, SUFFIXES, LandingError, key_of_file, landing_files, readable

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class File:
    """A file as it was read: its bytes and their digest."""

    path: Path
    bytes: int
    digest: str


@dataclass(frozen=True)
class Delivery:
    """The files by their names in the delivery. `is_named`: the id was chosen, and says nothing of the files."""

    source: str
    id: str
    is_named: bool
    files: Mapping[str, File] = field(repr=False)

    @classmethod
    def of(cls, source: str, paths: Sequence[Path], name: str = "") -> "Delivery":
        """These files, and every landing file below these folders.

        Without a name the id follows from the files' names and bytes: the same files are the same delivery, which can
        be taken up where it was cut off. Raises LandingError for what cannot be delivered.
        """
        if name and not _ID.fullmatch(name):
            raise LandingError(
                f"{name!r} is no id of a delivery: up to 64 letters, digits, . _ and - are expected, the first of them "
                "a letter or a digit. Nothing was delivered"
            )
        files: dict[str, File] = {}
        for path, inside in _found(paths):
            if inside in files:
                raise LandingError(
                    f"{files[inside].path} and {path} would both be {inside}: rename one, or deliver them one after "
                    "the other. Nothing was delivered"
                )
            files[inside] = _read(path)
        return cls(_source(source), name or _id_of(files), bool(name), files)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


def _source(name: str) -> str:
    for source, names in FOLDER_NAMES.items():
        if name in names:
            return source
    raise LandingError(f"no source {name!r}; known: {', '.join(SOURCES)}. Nothing was delivered")


def _found(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its name in the delivery."""
    for path in paths:
        if path.is_dir():
            below = sorted(landing_files(path))
            if not below:
                raise LandingError(f"{path} has no {' or '.join(SUFFIXES)} files in it. Nothing was delivered")
            yield from ((file, key_of_file(file, path)) for file in below)
        elif not path.exists():
            raise LandingError(f"{path}: there is no such file or folder. Nothing was delivered")
        elif not path.name.lower().endswith(SUFFIXES):
            raise LandingError(f"{path} is no landing file: {' or '.join(SUFFIXES)} is expected. Nothing was delivered")
        else:
            yield readable(path), key_of_file(path, path.parent)


def _read(path: Path) -> File:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, hashlib.sha256).hexdigest()
        return File(path, content.tell(), digest)


def _id_of(files: Mapping[str, File]) -> str:
    told = "".join(f"{file.digest} {name}\0" for name, file in sorted(files.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
