"""Flat objects of one shape, read many at a time: what such an object looks like, and its columns.

Here: what an object must look like for Arrow to read it exactly as `json` and `fit` would. Not here: which objects may
be read that way at all (`runs`).

Why the result is the exact one. A piece of text that is read consists of one object with the shape's keys in their
order, each once and each a column, nothing nested, and separators after it, up to the piece's end. Strings are
printable ASCII without quote and backslash: their bytes are their value. Integers have at most 18 digits, so int64
holds them. Doubles have no exponent and are below 1e15; Arrow rounds correctly, as Python does. Required columns are
all there, a required string isn't blank, and the range of integers is judged here as in `fit`. Nothing else is read.
"""

import json
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stedi_assets.contracts.model import EARLIEST_EPOCH_MS, LATEST_EPOCH_MS, Column
from stedi_assets.landing.fit import LIMITS, Fitter
from stedi_assets.landing.objects import Members

ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}

# RE2 matches in a single pass only up to four groups, otherwise it takes three times as long. So an object is matched
# in segments of some members; the fourth group is the segment itself, whose length tells where the next one begins.
_MEMBERS_PER_SEGMENT = 3

_LONGEST_SAMPLE = 64 * 1024
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_]+")
_TEXT = r"[ !#-\[\]-~]*"
_TEXT_NOT_BLANK = rf" *[!#-\[\]-~]{_TEXT}"
_INTEGER = r"0|-?[1-9][0-9]{0,17}"
_DOUBLE = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?"
_END = r"\}[ \t\r\n,\[\]]*"

Keys = tuple[tuple[str, int], ...]  # as spelled, in their order, each with the index of its column
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ShapeRows(NamedTuple):
    """Rows read from pieces. `pieces`: the index of each row's piece, ascending. `columns`: in the contract's order."""

    pieces: Integers
    columns: list[pa.Array]


class _Matched(NamedTuple):
    """Pieces after some segments.

    found: the last segment's groups, null where any didn't match (None before the first). stops: where it ends.
    rest: what comes after it, in the piece and beyond.
    """

    found: Any
    stops: Integers
    rest: pa.LargeBinaryArray


class Pieces:
    """Adjacent pieces of one text; piece i is from edges[i] to edges[i + 1]. At each edge but the last is a brace."""

    def __init__(self, text: pa.Buffer, edges: Integers) -> None:
        self.edges = edges
        self._text = text
        # Shapes often begin alike, and differ in consent only: what they share is matched once.
        self._matched: dict[tuple[str, ...], _Matched] = {(): _Matched(None, edges[:-1], self._from(edges[:-1], None))}

    def piece(self, index: int) -> bytes:
        return bytes(self._text[int(self.edges[index]) : int(self.edges[index + 1])])

    def matched(self, segments: tuple[str, ...]) -> _Matched:
        """What the last of these segments found where all of them match, one directly after the other."""
        if segments not in self._matched:
            before = self.matched(segments[:-1])
            found = pc.extract_regex(before.rest, segments[-1])
            lengths = pc.binary_length(pc.struct_field(found, "segment")).fill_null(0)
            stops = before.stops + lengths.to_numpy()
            self._matched[segments] = _Matched(found, stops, self._from(stops, found.is_valid()))
        return self._matched[segments]

    def _from(self, starts: Integers, valid: pa.BooleanArray | None) -> pa.LargeBinaryArray:
        """The text from each start to the next one, without a copy. It goes beyond the piece, but no segment does:
        at the edge is a brace, and only the first segment has one, at its begin."""
        offsets = np.append(starts, self.edges[-1])
        bitmap = valid.buffers()[1] if valid is not None else None
        return pa.Array.from_buffers(pa.large_binary(), len(starts), [bitmap, pa.py_buffer(offsets), self._text])


class Shape:
    """The keys of a flat object, as they are spelled and in their order."""

    def __init__(self, columns: tuple[Column, ...], keys: Keys) -> None:
        self._columns = columns
        self._segments: tuple[str, ...] = ()
        self._place: dict[int, int] = {}  # column index: number of the segment that has it
        for begin in range(0, len(keys), _MEMBERS_PER_SEGMENT):
            members = keys[begin : begin + _MEMBERS_PER_SEGMENT]
            self._place |= {index: len(self._segments) for _, index in members}
            text = ",".join(_member_pattern(key, index, columns[index]) for key, index in members)
            opening = "" if begin else r"\{"
            ending = _END if begin + len(members) == len(keys) else ","
            self._segments += (rf"\A(?P<segment>{opening}{text}{ending})",)

    def read(self, pieces: Pieces) -> ShapeRows:
        """The rows of those pieces that have this shape and fit."""
        matched = [pieces.matched(self._segments[: number + 1]) for number in range(len(self._segments))]
        matches: Flags = matched[-1].found.is_valid().to_numpy(zero_copy_only=False)
        has_shape = matches & (matched[-1].stops == pieces.edges[1:])
        rows = np.flatnonzero(has_shape)
        columns: list[pa.Array] = []
        fits = np.ones(len(rows), dtype=np.bool_)
        for index, column in enumerate(self._columns):
            if index in self._place:
                texts = pc.struct_field(matched[self._place[index]].found, f"c{index}")
                columns.append(_typed(texts if len(rows) == len(texts) else texts.filter(pa.array(has_shape)), column))
                fits &= _in_range(columns[-1], column)
            else:
                columns.append(pa.nulls(len(rows), ARROW_TYPES[column.type]))
        if not fits.all():
            rows, columns = rows[fits], [array.filter(pa.array(fits)) for array in columns]
        types = [ARROW_TYPES[column.type] for column in self._columns]
        return ShapeRows(rows, [array.cast(arrow) for array, arrow in zip(columns, types, strict=True)])


def shape_keys(piece: bytes, fitter: Fitter, columns: tuple[Column, ...]) -> Keys | None:
    """The keys of the object in this piece; None where none with such keys is ever read by shape."""
    if len(piece) > _LONGEST_SAMPLE:
        return None
    try:
        members: Members = json.loads(piece.strip(b" \t\r\n,[]"), object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, tuple):
        return None
    keys = [(key, fitter.index_of(key)) for key, _ in members]
    known = tuple((key, index) for key, index in keys if index is not None and _PLAIN_KEY.fullmatch(key))
    indexes = {index for _, index in known}
    if not len(indexes) == len(known) == len(keys):
        return None
    for index, column in enumerate(columns):
        if column.required and index not in indexes:
            return None
    return known if all(columns[index].type != "boolean" for index in indexes) else None


def _member_pattern(key: str, index: int, column: Column) -> str:
    if column.type == "string":
        return f' *"{key}" *: *"(?P<c{index}>{_TEXT_NOT_BLANK if column.required else _TEXT})" *'
    number = _DOUBLE if column.type == "double" else _INTEGER
    return f' *"{key}" *: *(?P<c{index}>{number}{"" if column.required else "|null"}) *'


def _typed(texts: pa.LargeBinaryArray, column: Column) -> pa.Array:
    """Matched texts as values; integers as int64, so that their range can still be judged."""
    if column.type == "string":
        return texts.cast(pa.string())
    if not column.required:
        texts = pc.if_else(pc.equal(texts, b"null"), None, texts)
    return texts.cast(pa.string()).cast(pa.float64() if column.type == "double" else pa.int64())


def _in_range(array: pa.Array, column: Column) -> Flags:
    """Which values `fit` takes. A null is one of them: where the column is required, no pattern lets it pass."""
    if column.type not in LIMITS or array.null_count == len(array):
        return np.ones(len(array), dtype=np.bool_)
    numbers: Integers = array.fill_null(0).to_numpy()
    least, most = LIMITS[column.type]
    fits: Flags = (numbers >= least) & (numbers <= most)
    if column.unit == "epoch_ms":
        dates = (numbers >= EARLIEST_EPOCH_MS) & (numbers < LATEST_EPOCH_MS)
        if not column.required:
            dates |= numbers == 0
        if column.open_ended:
            dates |= (numbers < 0) | (numbers >= LATEST_EPOCH_MS)
        fits &= dates
    return fits
