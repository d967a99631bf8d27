"""Write copies of the world as the files of a landing zone, in constant memory.

Here: folders, file names, sizes and compression. What the files hold is `world`.
"""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

from stedi_assets.synthetic.marks import MOST_COPIES, copied
from stedi_assets.synthetic.world import world

SOURCES = ("customer", "accelerometer", "step_trainer")
OBJECTS_PER_FILE = 10_000  # times the scale, as far as the size allows
MOST_BYTES_PER_FILE = 64_000_000
COMPRESSION_LEVEL = 6


def generate(out: Path, scale: int = 1, compress: bool = False) -> dict[str, int]:
    """Write `scale` copies of the synthetic world below `out`; the number of objects of each source.

    Each copy has customers, serials and timestamps of its own, so every count is `scale` times that of one.
    Equal arguments write equal bytes (compressed: with an equal zlib).
    """
    _refuse(out, scale)
    lines_of = world()
    for source in SOURCES:
        (out / source).mkdir(parents=True, exist_ok=True)
        _write(out / source, lines_of[source], scale, compress)
    return {source: len(lines_of[source]) * scale for source in SOURCES}


def _refuse(out: Path, scale: int) -> None:
    if not 1 <= scale <= MOST_COPIES:
        raise ValueError(f"Expected a scale from 1 to {MOST_COPIES}, found {scale}; choose another.")
    for source in SOURCES:
        folder = out / source
        if folder.exists() and any(folder.iterdir()):
            raise FileExistsError(f"Expected no files in {folder}, found some; empty it or write elsewhere.")


def _write(folder: Path, lines: list[bytes], scale: int, compress: bool) -> None:
    longest = max(len(copied(line, scale - 1)) for line in lines)
    per_file = min(OBJECTS_PER_FILE * scale, MOST_BYTES_PER_FILE // longest)
    total = len(lines) * scale
    for number, first in enumerate(range(0, total, per_file), start=1):
        path = folder / f"{folder.name}-{number:04d}.json{'.gz' if compress else ''}"
        with ExitStack() as closing:
            file = _open(path, compress, closing)
            for copy, start, stop in _spans(first, min(first + per_file, total), len(lines)):
                file.write(copied(b"".join(lines[start:stop]), copy))


def _open(path: Path, compress: bool, closing: ExitStack) -> IO[bytes]:
    file = closing.enter_context(path.open("xb"))
    if not compress:
        return file
    # Without these, the header would hold the file's name and the time of day.
    zipped = gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION_LEVEL, fileobj=file, mtime=0)
    return cast(IO[bytes], closing.enter_context(zipped))


def _spans(first: int, last: int, length: int) -> Iterator[tuple[int, int, int]]:
    """Objects first to last - 1 of all copies, as (copy, first line, last line + 1)."""
    while first < last:
        copy, start = divmod(first, length)
        stop = min(length, start + last - first)
        yield copy, start, stop
        first += stop - start
