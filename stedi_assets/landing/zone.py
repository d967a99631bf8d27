"""The landing zone: which objects lie in it, and how files get there.

Here: the zone's layout, listing it, mirroring a folder into it, adding a delivery to it. Not here: which files these
are (`folder`, `delivery`), and reading what an object holds (`parse`).

Layout: ZONE/SOURCE/... where SOURCE is customer (or customers), accelerometer or step_trainer; objects lie at any
depth below. A folder is mirrored to ZONE/SOURCE/mirror/; what lies beside that is not the mirror's business. Files
that are added stand in ZONE/SOURCE/delivery/ID/.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stedi_assets.contracts import SOURCES
from stedi_assets.landing.delivery import Delivery, File
from stedi_assets.landing.folder import FOLDER_NAMES, SUFFIXES, LandingError, files_by_key, holds

# The zone's folders in the order of its listing, with the source that each belongs to.
FOLDERS = {folder: source for source, folders in FOLDER_NAMES.items() for folder in folders}
_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", re.DOTALL)


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
            self._landed(source, entry)
            for folder, source in FOLDERS.items()
            for entry in self._entries(f"{self.prefix}{folder}/")
            if _is_landing(entry)
        ]

    def page(self, folder: str, after: str = "") -> tuple[list[LandedObject], str]:
        """Up to a thousand of the objects in one of FOLDERS, after a key, and the key to go on after; "": that is all.

        In the listing's own order: the embedded store's is not the order of the keys.
        """
        place = {"StartAfter": after} if after else {}
        try:
            found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.prefix}{folder}/", MaxKeys=1000, **place)
        except self.s3.exceptions.NoSuchBucket:
            raise self._no_bucket() from None
        entries = found.get("Contents", ())
        landed = [self._landed(FOLDERS[folder], entry) for entry in entries if _is_landing(entry)]
        return landed, entries[-1]["Key"] if found["IsTruncated"] and entries else ""

    @property
    def is_being_mirrored(self) -> bool:
        """Whether a mirroring has begun and not ended: it goes on, or was cut off."""
        return self._mirroring() is not None

    def objects_to_ingest(self) -> list[LandedObject]:
        """The same, ready to read. Raises LandingError where a source has none or a mirroring was cut off."""
        if self.is_being_mirrored:
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

    def mirror(self, folder: Path, origin: str = "folder", unreadable: Collection[str] = ()) -> tuple[int, int]:
        """Makes ZONE/SOURCE/mirror/ the copy of the folder, for each source: (objects written, objects removed).

        What is unchanged is not written again; what left the folder is removed, after everything new is there. Until
        it is done, a mark in the zone says so: the zone of a mirroring that was cut off is not read.
        Objects that are `unreadable`, by key, are written again. Raises LandingError before anything changes if the
        folder lacks a source or has a file that cannot be read.
        """
        wanted = files_by_key(folder, self.prefix)
        present = self._mirrored()
        changed = [key for key, path in wanted.items() if key in unreadable or not holds(path, present.get(key))]
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

    def deliver(self, delivery: Delivery, unreadable: Collection[str] = ()) -> int:
        """Adds the delivery's objects, each in one piece: how many were written, none of what is there already.

        Objects that are `unreadable`, by key, are written again.

        Raises LandingError before anything is sent if other objects lie by these names: devices may rewrite what they
        sent, but nobody delivers over it by chance. Then, too, where an object is not there at the end.
        """
        folder = f"{self.prefix}{delivery.source}/delivery/{delivery.id}/"
        present = {e["Key"]: int(e["Size"]) for e in self._entries(folder) if e["Key"] not in unreadable}
        wanted = {f"{folder}{name}": file for name, file in delivery.files.items()}
        if delivery.is_named:
            taken = [key for key, file in wanted.items() if key in present and not self._has(key, file)]
            if taken:
                raise LandingError(
                    f"the delivery {delivery.id} has another {taken[0].removeprefix(folder)} already (and so of "
                    f"{len(taken)} files in all); deliver by another --id. Nothing was delivered"
                )
        missing = [key for key, file in wanted.items() if present.get(key) != file.bytes]
        for key in missing:
            with wanted[key].path.open("rb") as body:
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        arrived = {entry["Key"]: int(entry["Size"]) for entry in self._entries(folder)}
        if lost := sum(arrived.get(key) != file.bytes for key, file in wanted.items()):
            raise LandingError(
                f"{lost} of {len(wanted)} files are not in {self.uri} as they were read; deliver the same again"
            )
        return len(missing)

    def _has(self, key: str, file: File) -> bool:
        """Whether the object is the file. Its bytes are asked, not its ETag: an encrypted object's is no digest."""
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        digest = hashlib.sha256()
        for piece in body.iter_chunks(1024 * 1024):
            digest.update(piece)
        return digest.hexdigest() == file.digest

    def is_copy_of(self, folder: Path) -> bool:
        """Whether the zone holds exactly what the folder holds, and nothing beside it."""
        try:
            wanted = files_by_key(folder, self.prefix)
        except LandingError:
            return False
        present = {landed.key: {"Size": landed.bytes, "ETag": landed.etag} for landed in self.objects()}
        return set(present) == set(wanted) and all(holds(path, present[key]) for key, path in wanted.items())

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
            raise self._no_bucket() from None

    def _landed(self, source: str, entry: Mapping[str, Any]) -> LandedObject:
        return LandedObject(source, self.bucket, entry["Key"], entry["ETag"], int(entry["Size"]))

    def _no_bucket(self) -> LandingError:
        return LandingError(
            f"{self.uri}: there is no bucket {self.bucket}; s3://BUCKET/PREFIX of a bucket that exists is expected"
        )


def _is_landing(entry: Mapping[str, Any]) -> bool:
    return str(entry["Key"]).lower().endswith(SUFFIXES)
