"""Where a text is still to be found: in the objects of a bucket, and in every byte of a folder.

Here: looking for a person's identifiers as they can be written. Not here: the formats they can lie in (`decodings`).

A trace never holds what was looked for, only its number. The search does not see, so a test must not rely on it for:
- a compressed object (.json.gz, Parquet) of more than 4 MiB on disk: the store cuts it into chunks, which lie apart.
  In its bucket it is found. Text that the store itself compresses is found on disk too, as that is done by chunk;
- a text that is encrypted, hashed, encoded otherwise (base64) or, in numbers, on disk outside of Parquet.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stedi_assets_tests.support import decodings

_NESTED = 3
# Iceberg keeps 16 characters of a bound in its manifests, and raises the last of an upper one.
_BOUND = 15
_SHORTEST = 4

_Decoder = Callable[[bytes], Iterator[tuple[str, bytes]]]
_ANYWHERE: tuple[_Decoder, ...] = (decodings.streams, decodings.avro, decodings.parquet)


@dataclass(frozen=True)
class Trace:
    """One needle in one place: an object or a file, the offset, and how what lies there was decoded."""

    place: str
    needle_index: int


def in_objects(s3: Any, bucket: str, needles: Sequence[str]) -> list[Trace]:
    """The needles in the bucket's objects, their keys and their metadata."""
    search = _Search(needles)
    traces: list[Trace] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for key in (entry["Key"] for entry in page.get("Contents", ())):
            answer = s3.get_object(Bucket=bucket, Key=key)
            place = f"s3://{bucket}/{key}"
            traces += search.traces(f"{place} (key)", key.encode())
            traces += search.traces(f"{place} (metadata)", json.dumps(answer["Metadata"]).encode())
            traces += search.traces(place, answer["Body"].read())
    return traces


def in_folder(folder: Path, needles: Sequence[str]) -> list[Trace]:
    """The needles in the files below a folder and in their names. A file that vanishes meanwhile is left out."""
    search = _Search(needles)
    traces: list[Trace] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        place = str(path.relative_to(folder))
        traces += search.traces(f"{place} (name)", place.encode())
        traces += search.traces(place, data)
    return traces


class _Search:
    """A search for some needles, in any data."""

    def __init__(self, needles: Sequence[str]) -> None:
        if any(len(needle) < _SHORTEST for needle in needles):
            raise ValueError(f"expected needles of at least {_SHORTEST} characters, found one that chance has too")
        self._needles = needles
        self._forms = [_forms(needle) for needle in needles]
        self._bounds = [_forms(needle[:_BOUND]) for needle in needles]

    def traces(self, place: str, data: bytes) -> list[Trace]:
        """One trace for each needle and each way of decoding the data in which it is found."""
        return [
            Trace(f"{self._without_needles(place)} at {offset} ({name})", index)
            for name, layer in _layers(data)
            for index, offset in self._find(layer, self._bounds if "avro" in name else self._forms)
        ]

    def _find(self, data: bytes, wanted: list[set[bytes]]) -> Iterator[tuple[int, int]]:
        lowered = data.lower()  # of bytes: ASCII only, which is as well, as all others keep their places
        for index, forms in enumerate(wanted):
            offsets = [offset for offset in map(lowered.find, forms) if offset >= 0]
            if offsets:
                yield index, min(offsets)

    def _without_needles(self, place: str) -> str:
        for index, needle in enumerate(self._needles):
            for form in (needle, quote(needle)):
                place = re.sub(re.escape(form), f"<needle {index}>", place, flags=re.IGNORECASE)
        return place


def _layers(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data and all that can be decoded from it, each with and without JSON's escapes."""
    for name, layer in [("raw", data), *_decoded(data, _NESTED)]:
        yield name, layer
        yield from (("unescaped" if name == "raw" else f"{name}, {how}", p) for how, p in decodings.unescaped(layer))


def _decoded(data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    for decoder in _ANYWHERE if depth else ():
        for name, layer in decoder(data):
            yield name, layer
            yield from ((f"{name}, {inner}", part) for inner, part in _decoded(layer, depth - 1))


def _forms(needle: str) -> set[bytes]:
    """The needle as it can be written. Letters beyond ASCII are known in the cases in which people write names."""
    cases = (needle, needle.lower(), needle.upper(), needle.title())
    texts = {unicodedata.normalize(form, case) for case in cases for form in ("NFC", "NFD")}
    return {form.lower() for text in texts for form in (text.encode(), quote(text).encode(), *_wide(text))}


def _wide(text: str) -> list[bytes]:
    """UTF-16 in both orders; in ASCII one is the other but for a zero at its end, and one search does for both."""
    if text.isascii():
        return [text.encode("utf-16-le")[:-1]]
    return [text.encode("utf-16-le"), text.encode("utf-16-be")]
