"""Flat objects of one shape, one a line, read many at a time: what such a line looks like, and its columns.

Here: what a line must look like for Arrow to read it exactly as `json` and `fit` would. Not here: which lines may be
read that way at all (`lines`).

Why the result is the exact one. A line that is read consists of one object with the shape's keys in their order, each
once and each a column, nothing nested, then separators and the newline. Strings are printable ASCII without quote and
backslash: their bytes are their value. Integers have at most 18 digits, so int64 holds them. Doubles have no exponent
and are below 1e15; Arrow rounds correctly, as Python does. Required columns are all there, a required string isn't
blank, and the range of integers is judged here as in `fit`. Any other line isn't read.
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
_END_OF_LINE = r"\}[ \t\r,\[\]]*\n"

Keys = tuple[tuple[str, int], ...]  # as spelled, in their order, each with the index of its column
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ShapeRows(NamedTuple):
    """Rows read from lines. `lines`: the index of each row's line, ascending. `columns`: in the contract's order."""

    lines: Integers
    columns: list[pa.Array]


class _Matched(NamedTuple):
    """Lines after some segments. found: the last one's groups, null where any didn't match. rest: what comes next."""

    found: Any  # a StructArray, None before the first segment
    rest: pa.LargeBinaryArray


class LineBlock:
    """Adjacent lines of one text, each with its newline; line i is from edges[i] to edges[i + 1]."""

    def __init__(self, text: pa.Buffer, edges: Integers) -> None:
        self.edges = edges
        self._text = text
        # Shapes often begin alike, and differ in consent only: what they share is matched once.
        self._matched: dict[tuple[str, ...], _Matched] = {(): _Matched(None, self._from(edges[:-1], None))}

    def line(self, index: int) -> bytes:
        return bytes(self._text[int(self.edges[index]) : int(self.edges[index + 1])])

    def matched(self, segments: tuple[str, ...]) -> _Matched:
        """What the last of these segments found where all of them match, one directly after the other."""
        if segments not in self._matched:
            before = self.matched(segments[:-1]).rest
            found = pc.extract_regex(before, segments[-1])
            starts = np.frombuffer(before.buffers()[1], dtype=np.int64)[:-1]
            if found.type.get_field_index("segment") >= 0:
                lengths = pc.binary_length(pc.struct_field(found, "segment")).fill_null(0)
                before = self._from(starts + lengths.to_numpy(), found.is_valid())
            self._matched[segments] = _Matched(found, before)
        return self._matched[segments]

    def _from(self, starts: Integers, valid: pa.BooleanArray | None) -> pa.LargeBinaryArray:
        """The text from each start to the next one, without a copy; a segment ends at its line's newline at last."""
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
            text = text if begin else r"\{" + text
            last = begin + len(members) == len(keys)
            self._segments += (rf"\A{text}{_END_OF_LINE}" if last else rf"\A(?P<segment>{text},)",)

    def read(self, block: LineBlock) -> ShapeRows:
        """The rows of those lines that have this shape and fit."""
        found = [block.matched(self._segments[: number + 1]).found for number in range(len(self._segments))]
        has_shape = found[-1].is_valid()
        lines = np.flatnonzero(has_shape.to_numpy(zero_copy_only=False))
        columns: list[pa.Array] = []
        fits = np.ones(len(lines), dtype=np.bool_)
        for index, column in enumerate(self._columns):
            if index in self._place:
                texts = pc.struct_field(found[self._place[index]], f"c{index}")
                columns.append(_typed(texts if len(lines) == len(texts) else texts.filter(has_shape), column))
                fits &= _in_range(columns[-1], column)
            else:
                columns.append(pa.nulls(len(lines), ARROW_TYPES[column.type]))
        if not fits.all():
            lines, columns = lines[fits], [array.filter(pa.array(fits)) for array in columns]
        types = [ARROW_TYPES[column.type] for column in self._columns]
        return ShapeRows(lines, [array.cast(arrow) for array, arrow in zip(columns, types, strict=True)])


def shape_keys(line: bytes, fitter: Fitter, columns: tuple[Column, ...]) -> Keys | None:
    """The keys of the object on this line; None where no line with such keys is ever read by shape."""
    if len(line) > _LONGEST_SAMPLE:
        return None
    try:
        members: Members = json.loads(line.strip(b" \t\r\n,[]"), object_pairs_hook=tuple)
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
        fits &= dates if column.required else dates | (numbers == 0)
    return fits
