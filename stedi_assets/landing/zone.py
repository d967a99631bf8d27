"""The landing zone: which objects lie in it, and how a folder gets there.

Here: the zone's layout, listing it, mirroring a folder into it. Not here: reading what an object holds (`parse`).

Layout: ZONE/SOURCE/... where SOURCE is customer (or customers), accelerometer or step_trainer; objects lie at any
depth below. A folder is mirrored to ZONE/SOURCE/mirror/; what lies beside that is not the mirror's business.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stedi_assets.contracts import SOURCES

SUFFIXES = (".json", ".json.gz")
_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", re.DOTALL)
# Folder names that a source goes by; the first is the zone's own.
FOLDER_NAMES = {source: (source,) for source in SOURCES} | {"customer": ("customer", "customers")}


class LandingError(ValueError):
    """A landing zone or folder that cannot be used: what was expected, what was found, what to do."""


@dataclass(frozen=True)
class LandedObject:
    """One object of a source, as listed."""

    source: str
    bucket: str
    key: str
    etag: str
    bytes: int


@dataclass(frozen=True)
class Zone:
    """A landing zone: an S3 prefix. `uri` is s3://BUCKET/PREFIX."""

    uri: str
    s3: Any

    @classmethod
    def of(cls, uri: str, s3: Any) -> "Zone":
        """The zone at a URI as a user gives it. Raises LandingError for what is none."""
        if not _URI.fullmatch(uri):
            raise LandingError(f"{uri} is no bucket prefix; s3://BUCKET/PREFIX is expected")
        return cls(uri.rstrip("/"), s3)

    @property
    def bucket(self) -> str:
        return self.uri.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        inside = self.uri.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{inside}/" if inside else ""

    def objects(self) -> list[LandedObject]:
        """Every object of the three sources, in order of source and key. An object of another suffix is not one."""
        return [
            LandedObject(source, self.bucket, entry["Key"], entry["ETag"], int(entry["Size"]))
            for source, names in FOLDER_NAMES.items()
            for name in names
            for entry in self._entries(f"{self.prefix}{name}/")
            if entry["Key"].lower().endswith(SUFFIXES)
        ]

    def objects_to_ingest(self) -> list[LandedObject]:
        """The same, ready to read. Raises LandingError where a source has none or a mirroring was cut off."""
        if self._mirroring() is not None:
            raise LandingError(
                f"{self.uri} is incomplete: the copying of a folder into it was cut off. Nothing was published; "
                "copy it again: stedi run --landing PATH"
            )
        found = self.objects()
        empty = [source for source in SOURCES if all(landed.source != source for landed in found)]
        if empty:
            raise LandingError(
                f"{self.uri} has no {' or '.join(SUFFIXES)} objects for {', '.join(empty)}; each of "
                f"{', '.join(SOURCES)} needs at least one. Nothing was published; bring them: stedi run --landing PATH"
            )
        return found

    def mirror(self, folder: Path, origin: str = "folder") -> tuple[int, int]:
        """Makes ZONE/SOURCE/mirror/ the copy of the folder, for each source: (objects written, objects removed).

        What is unchanged is not written again; what left the folder is removed, after everything new is there. Until
        it is done, a mark in the zone says so: the zone of a mirroring that was cut off is not read.
        Raises LandingError before anything changes if the folder lacks a source or has a file that cannot be read.
        """
        wanted = _files_by_key(folder, self.prefix)
        present = self._mirrored()
        changed = [key for key, path in wanted.items() if not _same(path, present.get(key))]
        gone = sorted(set(present) - set(wanted))
        if changed or gone:
            self.s3.put_object(Bucket=self.bucket, Key=self._mark, Body=origin.encode())
        for key in changed:
            with wanted[key].open("rb") as body:
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        if missing := len(set(wanted) - set(self._mirrored())):
            raise LandingError(f"{missing} files of {folder} are not in {self.uri} after copying; nothing was removed")
        for key in gone:
            self.s3.delete_object(Bucket=self.bucket, Key=key)
        if self._mirroring() is not None:
            self.s3.delete_object(Bucket=self.bucket, Key=self._mark)
        return len(changed), len(gone)

    def fill(self, data: Path) -> int:
        """Mirrors `data` into an empty zone, or goes on where that was cut off: how many objects were written."""
        if self.objects() and self._mirroring() != "data":
            return 0
        return self.mirror(data, origin="data")[0]

    def is_copy_of(self, folder: Path) -> bool:
        """Whether the zone holds exactly what the folder holds, and nothing beside it."""
        try:
            wanted = _files_by_key(folder, self.prefix)
        except LandingError:
            return False
        present = {landed.key: {"Size": landed.bytes, "ETag": landed.etag} for landed in self.objects()}
        return set(present) == set(wanted) and all(_same(path, present[key]) for key, path in wanted.items())

    @property
    def _mark(self) -> str:
        return f"{self.prefix}.mirroring"

    def _mirroring(self) -> str | None:
        """The origin of a mirroring that has begun and not ended."""
        if not any(entry["Key"] == self._mark for entry in self._entries(self._mark)):
            return None
        return str(self.s3.get_object(Bucket=self.bucket, Key=self._mark)["Body"].read().decode())

    def _mirrored(self) -> dict[str, Mapping[str, Any]]:
        return {entry["Key"]: entry for source in SOURCES for entry in self._entries(f"{self.prefix}{source}/mirror/")}

    def _entries(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        try:
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                yield from page.get("Contents", ())
        except self.s3.exceptions.NoSuchBucket:
            raise LandingError(
                f"{self.uri}: there is no bucket {self.bucket}; s3://BUCKET/PREFIX of a bucket that exists is expected"
            ) from None


def _files_by_key(folder: Path, prefix: str) -> dict[str, Path]:
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
        found_files = sorted(_landing_files(roots[0]))
        if not found_files:
            raise LandingError(f"{roots[0]} has no {' or '.join(SUFFIXES)} files in it. Nothing was changed")
        files |= {f"{prefix}{source}/mirror/{_key_of(path, roots[0])}": path for path in found_files}
    return files


def _landing_files(root: Path) -> Iterator[Path]:
    """Every landing file below a folder, links followed. Raises LandingError for one that cannot be read.

    A folder that cannot be entered must not look empty: its objects would leave the mirror.
    """

    def refuse(error: OSError) -> None:
        raise LandingError(f"{error.filename}: {(error.strerror or '').lower()}; nothing was changed")

    for folder, _, names in os.walk(root, onerror=refuse, followlinks=True):
        for path in (Path(folder, name) for name in names if name.lower().endswith(SUFFIXES)):
            if not (path.is_file() and os.access(path, os.R_OK)):
                raise LandingError(f"{path} cannot be read as a file; nothing was changed")
            yield path


def _key_of(path: Path, root: Path) -> str:
    """The key of a file, another one for each name: a name may be any bytes, a key is text without backslashes.

    A backslash becomes a slash in the embedded store, so it and bytes that are not UTF-8 stand as %NN, as does %.
    """
    name = path.relative_to(root).as_posix().replace("%", "%25").replace("\\", "%5C")
    return "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in name)


def _same(path: Path, entry: Mapping[str, Any] | None) -> bool:
    """Whether the object holds the file's bytes: the ETag of an object put in one piece is their MD5."""
    if entry is None or entry["Size"] != path.stat().st_size:
        return False
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return bool(entry["ETag"].strip('"') == digest)
