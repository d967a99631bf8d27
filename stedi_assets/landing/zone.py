"""The landing zone: which objects lie in it, and how a folder gets there.

Here: the zone's layout, listing it, mirroring a folder into it. Not here: reading what an object holds (`parse`).

Layout: ZONE/SOURCE/... where SOURCE is customer (or customers), accelerometer or step_trainer; objects lie at any
depth below. A folder is mirrored to ZONE/SOURCE/mirror/; what lies beside that is not the mirror's business.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stedi_assets.contracts import SOURCES

SUFFIXES = (".json", ".json.gz")
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
        """The same, with at least one object for each source. Raises LandingError: an empty source is a mistake."""
        found = self.objects()
        empty = [source for source in SOURCES if all(landed.source != source for landed in found)]
        if empty:
            raise LandingError(
                f"{self.uri} has no {' or '.join(SUFFIXES)} objects for {', '.join(empty)}; each of "
                f"{', '.join(SOURCES)} needs at least one. Nothing was published; bring them: stedi run --landing PATH"
            )
        return found

    def mirror(self, folder: Path) -> tuple[int, int]:
        """Makes ZONE/SOURCE/mirror/ the copy of the folder, for each source: (objects written, objects removed).

        What is unchanged is not written again; what left the folder is removed, after everything new is there.
        Raises LandingError before anything changes if the folder lacks a source.
        """
        wanted = _files_by_key(folder, self.prefix)
        present = {
            entry["Key"]: entry for source in SOURCES for entry in self._entries(f"{self.prefix}{source}/mirror/")
        }
        changed = [key for key, path in wanted.items() if not _same(path, present.get(key))]
        for key in changed:
            with wanted[key].open("rb") as body:
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        gone = sorted(set(present) - set(wanted))
        for key in gone:
            self.s3.delete_object(Bucket=self.bucket, Key=key)
        return len(changed), len(gone)

    def is_copy_of(self, folder: Path) -> bool:
        """Whether the zone holds exactly what the folder holds, and nothing beside it."""
        try:
            wanted = _files_by_key(folder, self.prefix)
        except LandingError:
            return False
        present = {landed.key: {"Size": landed.bytes, "ETag": landed.etag} for landed in self.objects()}
        return set(present) == set(wanted) and all(_same(path, present[key]) for key, path in wanted.items())

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
        found_files = [path for path in sorted(roots[0].rglob("*")) if _is_landing_file(path)]
        if not found_files:
            raise LandingError(f"{roots[0]} has no {' or '.join(SUFFIXES)} files in it. Nothing was changed")
        files |= {f"{prefix}{source}/mirror/{_key_of(path, roots[0])}": path for path in found_files}
    return files


def _is_landing_file(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


def _key_of(path: Path, root: Path) -> str:
    """A file's name may be any bytes, a key is text: bytes that are not UTF-8 stand as \\xNN."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _same(path: Path, entry: Mapping[str, Any] | None) -> bool:
    """Whether the object holds the file's bytes: the ETag of an object put in one piece is their MD5."""
    if entry is None or entry["Size"] != path.stat().st_size:
        return False
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return bool(entry["ETag"].strip('"') == digest)
