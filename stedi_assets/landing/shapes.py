"""Flat objects of one shape, read many at a time: what such an object looks like, and its columns.

Here: what an object must look like for Arrow to read it exactly as `json` and `fit` would. Not here: which objects may
be read that way at all (`runs`).

Why the result is the exact one. A piece of text that is read consists of one object with the shape's keys in their
order, each once and each a column, nothing nested, and separators after it, up to the piece's end. Its strings have no
quote in them, so that by the quotes alone it is known where each value stands. Strings are printable ASCII: their bytes
are their value; what is escaped by \\u is decoded by `json`, where it is no surrogate. Integers have at most 18 digits,
so int64 holds them. Doubles have no exponent and are below 1e15; Arrow rounds correctly, as Python does. Required
columns are all there, a required string isn't blank, and the range of integers is judged here as in `fit`. Nothing else
is read.
"""

import json
import re
from functools import cached_property
from typing import NamedTuple

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

_LONGEST_SAMPLE = 64 * 1024
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_]+")
# Of an escaped character the exact reader has something to say beyond its value if it is one half of a pair; and a
# required string is seen to be more than blanks by a character that stands there as it is.
_ESCAPED = r"\\u(?:[0-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})"
_TEXT = rf"(?:[ !#-\[\]-~]|{_ESCAPED})*"
_TEXT_NOT_BLANK = rf" *[!#-\[\]-~]{_TEXT}"
_INTEGER = r"0|-?[1-9][0-9]{0,17}"
_DOUBLE = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?"
_AROUND_NUMBER = " :,}[]\t\r\n"

Keys = tuple[tuple[str, int], ...]  # as spelled, in their order, each with the index of its column
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ShapeRows(NamedTuple):
    """Rows read from pieces. `pieces`: the index of each row's piece, ascending. `columns`: in the contract's order."""

    pieces: Integers
    columns: list[pa.Array]


class Pieces:
    """Adjacent pieces of one text; piece i is from edges[i] to edges[i + 1]. At each edge but the last is a brace."""

    def __init__(self, text: bytes, edges: Integers) -> None:
        self.edges = edges
        self._text = text
        self._array = self._slices(edges)

    def piece(self, index: int) -> bytes:
        return self._text[int(self.edges[index]) : int(self.edges[index + 1])]

    def that_match(self, pattern: str, among: Integers) -> Integers:
        """Which of these pieces (indexes, ascending) match."""
        texts = self._array if len(among) == len(self._array) else self._array.take(pa.array(among))
        matches: Flags = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
        return among[matches]

    def first_quotes(self, pieces: Integers) -> Integers:
        """Which of the text's quotes is the first of each piece."""
        return np.searchsorted(self.quotes, self.edges[pieces])

    @cached_property
    def quotes(self) -> Integers:
        """Where the quotes are, in all the pieces; then where the pieces end."""
        begin, end = int(self.edges[0]), int(self.edges[-1])
        # In place: of arrays as large as these the system gives the memory anew each time, and clears it first.
        is_quote = np.empty(end - begin + 1, np.bool_)
        np.equal(np.frombuffer(self._text, np.uint8)[begin:end], ord('"'), out=is_quote[:-1])
        is_quote[-1] = True  # there it ends
        quotes = np.flatnonzero(is_quote)
        quotes += begin
        return quotes

    @cached_property
    def has_escapes(self) -> bool:
        """Whether there is a backslash in any of the pieces."""
        return self._text.find(b"\\", int(self.edges[0]), int(self.edges[-1])) >= 0

    def texts(self, starts: Integers, stops: Integers) -> pa.LargeBinaryArray:
        """The text from each start to its stop; they ascend, and do not overlap."""
        values_and_gaps = self._slices(np.append(np.column_stack((starts, stops)).ravel(), stops[-1:]))
        return values_and_gaps.take(pa.array(np.arange(0, 2 * len(starts), 2)))

    def _slices(self, offsets: Integers) -> pa.LargeBinaryArray:
        """The text from each of the offsets to the next, without a copy."""
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self._text)]
        return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)


class Shape:
    """The keys of a flat object, as they are spelled and in their order."""

    def __init__(self, columns: tuple[Column, ...], keys: Keys) -> None:
        self._columns = columns
        members = ",".join(_member_pattern(key, columns[index]) for key, index in keys)
        self._pattern = rf"\A\{{{members}\}}[ \t\r\n,\[\]]*\z"
        self._quote_before: dict[int, int] = {}  # by column index: which of an object's quotes comes before its value
        quotes = 0
        for _, index in keys:
            is_string = columns[index].type == "string"
            self._quote_before[index] = quotes + 2 if is_string else quotes + 1
            quotes += 4 if is_string else 2

    def read(self, pieces: Pieces, among: Integers) -> ShapeRows:
        """The rows of those of these pieces (indexes, ascending) that have this shape and fit."""
        rows = pieces.that_match(self._pattern, among)
        if not len(rows):
            return ShapeRows(rows, [])
        columns: list[pa.Array] = []
        fits = np.ones(len(rows), dtype=np.bool_)
        first_quotes = pieces.first_quotes(rows)
        for index, column in enumerate(self._columns):
            if index in self._quote_before:
                before = first_quotes + self._quote_before[index]
                starts = pieces.quotes[before] + 1
                # A number at the end has no quote behind it but another piece's; what is around it is trimmed.
                stops = np.minimum(pieces.quotes[before + 1], pieces.edges[rows + 1])
                columns.append(_typed(pieces.texts(starts, stops), column, pieces.has_escapes))
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


def _member_pattern(key: str, column: Column) -> str:
    if column.type == "string":
        return f' *"{key}" *: *"{_TEXT_NOT_BLANK if column.required else _TEXT}" *'
    number = _DOUBLE if column.type == "double" else _INTEGER
    return f' *"{key}" *: *(?:{number}{"" if column.required else "|null"}) *'


def _typed(texts: pa.LargeBinaryArray, column: Column, has_escapes: bool) -> pa.Array:
    """Matched texts as values; integers as int64, so that their range can still be judged."""
    strings = texts.cast(pa.string())
    if column.type == "string":
        return _decoded(strings) if has_escapes else strings
    numbers = pc.ascii_trim(strings, _AROUND_NUMBER)
    if not column.required:
        numbers = pc.if_else(pc.equal(numbers, "null"), None, numbers)
    return numbers.cast(pa.float64() if column.type == "double" else pa.int64())


def _decoded(strings: pa.StringArray) -> pa.StringArray:
    """Matched strings as `json` reads them."""
    is_escaped = pc.match_substring(strings, "\\")
    decoded = [json.loads(f'"{text}"') for text in strings.filter(is_escaped).to_pylist()]
    return pc.replace_with_mask(strings, is_escaped, pa.array(decoded, pa.string()))


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
