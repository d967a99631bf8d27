"""Repair volumes whose files a kill or a power cut left torn. Only while no server has them open.

A volume is a data file (.dat) of records and an index of them (.idx). weed mounts a volume read-only when the two do
not end at the same record, and then neither takes deletions nor rewrites it. An acknowledged record is synced with all
records before it, and the index is not: so a record that the index lacks is added to it, and what follows the last
whole record is cut off.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.volumes import SUPERBLOCK_BYTES, files_of

_ENTRY = struct.Struct(">QIBi")  # key, offset in units of 8 bytes (its lower 4 bytes, then the highest), size
_HEADER = struct.Struct(">IQi")  # cookie, key, size
_TAIL_BYTES = 12  # checksum and time
_ALIGNMENT = 8
_DELETED = -1  # the size of a record that deletes a key
_HIGH = 2**32


@dataclass(frozen=True)
class Entry:
    """One record: its key, where it begins, the size of its content."""

    key: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next record begins. A record always has padding, of 8 bytes where it would need none."""
        length = _HEADER.size + max(self.size, 0) + _TAIL_BYTES
        return self.offset + length + _ALIGNMENT - length % _ALIGNMENT

    def packed(self) -> bytes:
        """The entry as the index has it."""
        high, low = divmod(self.offset // _ALIGNMENT, _HIGH)
        return _ENTRY.pack(self.key, low, high, self.size)


def torn_volumes(home: Home) -> list[Path]:
    """Return the data files that do not end with the last record of their index."""
    # With a .cpc weed itself completes a rewrite that was cut off.
    files = (path for path in files_of(home).values() if not path.with_suffix(".cpc").exists())
    return [path for path in files if not _fits(_listed(path), path.stat().st_size)]


def repair_volumes(home: Home) -> list[str]:
    """Repair each torn volume of the home's store, and describe what was done. Raises ServicesError."""
    with home.writing():
        return [_repair(path) for path in torn_volumes(home)]


def _repair(data: Path) -> str:
    index = data.with_suffix(".idx")
    length = data.stat().st_size
    listed = _listed(data)
    if length < SUPERBLOCK_BYTES:  # it was made when the server was killed
        for suffix in (".dat", ".idx", ".vif"):
            data.with_suffix(suffix).unlink(missing_ok=True)
        return f"{data.name}: removed, as it had no content yet"
    kept = [entry for entry in _entries(listed) if entry.offset > 0 and entry.end <= length]
    with data.open("r+b") as file:
        added = list(_records(file, max((entry.end for entry in kept), default=SUPERBLOCK_BYTES), length))
        end = max((entry.end for entry in [*kept, *added]), default=SUPERBLOCK_BYTES)
        # Without an index a damaged record in the middle looks like the end: then nothing is cut off.
        cut = length - end if index.exists() else 0
        if cut:
            file.truncate(end)
            os.fsync(file.fileno())
    _replace(index, b"".join(entry.packed() for entry in [*kept, *added]))
    data.with_suffix(".sdx").unlink(missing_ok=True)  # weed's copy of the index of a read-only volume
    return f"{data.name}: {len(kept) + len(added):,} records, {len(added):,} added to its index, {cut:,} bytes cut off"


def _listed(data: Path) -> bytes:
    index = data.with_suffix(".idx")
    return index.read_bytes() if index.exists() else b""


def _fits(listed: bytes, length: int) -> bool:
    """Return whether the index ends with the last record of a data file of this length."""
    if len(listed) % _ENTRY.size:
        return False
    last = listed[-_ENTRY.size :]  # in most cases the last entry is of the last record
    return any(max((e.end for e in _entries(part)), default=SUPERBLOCK_BYTES) == length for part in (last, listed))


def _entries(listed: bytes) -> Iterator[Entry]:
    whole = len(listed) - len(listed) % _ENTRY.size
    for key, low, high, size in _ENTRY.iter_unpack(listed[:whole]):
        yield Entry(key, (high * _HIGH + low) * _ALIGNMENT, size)


def _records(file: BinaryIO, offset: int, length: int) -> Iterator[Entry]:
    """The whole records of a data file from an offset on."""
    while offset + _HEADER.size <= length:
        file.seek(offset)
        _, key, size = _HEADER.unpack(file.read(_HEADER.size))
        record = Entry(key, offset, size or _DELETED)
        if not key or size < 0 or record.end > length:
            return
        yield record
        offset = record.end


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
