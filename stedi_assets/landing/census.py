"""A second count of what an object of the landing zone holds, by other means than those that make the rows of it.

Here: the count, quick for plain texts, of the same bytes: that they are all of those that were listed, the listing's
size tells. Not here: telling records apart where the text isn't plain (`lexer`). Nothing is shared with `split` but the
grammar that is documented there (and `unpack`, which zlib's checksum watches over).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stedi_assets.landing.lexer import Lexer
from stedi_assets.landing.unpack import DamagedGzipError, ObjectTooLarge, unpack

__all__ = ["Census", "ObjectTooLarge", "census"]

# How much is looked at in one go, up to the end of the line.
WINDOW_BYTES = 4 * 1024 * 1024

# RE2, on bytes as Latin-1: a flat object, and the lines that hold nothing but such objects and separators.
_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_BLANKS = r"[ \t\r\n]*"
_MEMBER = rf"{_BLANKS}{_STRING}{_BLANKS}:{_BLANKS}(?:{_STRING}|{_NUMBER}|true|false|null|NaN|-?Infinity){_BLANKS}"
_OBJECT = rf"\{{(?:{_MEMBER}(?:,{_MEMBER})*|{_BLANKS})\}}"
_SEPARATORS = r"(?:[ \t\r\n,\[\]]|\x{ef}\x{bb}\x{bf})*"
_ONE_OBJECT = rf"\A{_SEPARATORS}{_OBJECT}{_SEPARATORS}\z"
_ONLY_OBJECTS = rf"\A{_SEPARATORS}(?:{_OBJECT}{_SEPARATORS})*\z"
_NOT_PLAIN = -1

_Integers = npt.NDArray[np.int64]


class Census(NamedTuple):
    """What one object of the landing zone holds.

    objects: its records, each of which has to become a row or be quarantined: whole JSON objects, others, damaged.
    text_bytes: the size of its text (unpacked), which the records account for together, unless there are none.
    others: the records among them that are whole JSON values but no objects. damaged: those that are damaged stretches.
    Gzip that can't be unpacked is one damaged record; its text_bytes are the packed ones.
    """

    objects: int
    text_bytes: int
    others: int
    damaged: int


def census(content: bytes, max_text_bytes: int) -> Census:
    """Counts the records in the bytes of one object. Raises ObjectTooLarge as `parse` does."""
    try:
        text = unpack(content, max_text_bytes)
    except DamagedGzipError:
        return Census(objects=1, text_bytes=len(content), others=0, damaged=1)
    lexer = Lexer(text)
    found = {"object": 0, "other": 0, "damaged": 0}
    position = lexer.after_separators(0)
    lines = _Lines(text, position)
    while position < len(text):
        if position >= lines.stop:
            lines = _Lines(text, position)
        objects, stop = lines.plain_from(position)
        if stop > position:
            found["object"] += objects
            position = lexer.after_separators(stop)
        else:
            kind, position = lexer.record_at(position)
            found[kind] += 1
    return Census(sum(found.values()), len(text), others=found["other"], damaged=found["damaged"])


class _Lines:
    """The lines of a text from a position on, up to `stop`: how many objects each holds, if it holds nothing else.

    The lexer is asked for a record only where a line isn't plain. Where a plain line begins at top level, so does the
    next one: every byte of it is part of a whole object or a separator.
    """

    def __init__(self, text: bytes, position: int) -> None:
        newline = text.find(b"\n", min(position + WINDOW_BYTES, len(text)))
        self.stop = newline + 1 if newline >= 0 else len(text)
        # The last byte ends a line, newline or not.
        newlines = np.flatnonzero(np.frombuffer(text, np.uint8)[position : self.stop - 1] == ord("\n")) + position + 1
        self._edges: _Integers = np.concatenate(([position], newlines, [self.stop]))
        buffers = [None, pa.py_buffer(self._edges), pa.py_buffer(text)]
        counts = _counts(pa.Array.from_buffers(pa.large_binary(), len(self._edges) - 1, buffers))
        self._not_plain = np.append(np.flatnonzero(counts == _NOT_PLAIN), len(counts))
        self._objects_before = np.concatenate(([0], np.cumsum(counts)))

    def plain_from(self, position: int) -> tuple[int, int]:
        """How many objects the plain lines from here on hold, and where they end: here, if this is no such line."""
        line = int(np.searchsorted(self._edges, position))
        if self._edges[line] != position:
            return 0, position
        end = int(self._not_plain[np.searchsorted(self._not_plain, line)])
        return int(self._objects_before[end] - self._objects_before[line]), int(self._edges[end])


def _counts(lines: pa.LargeBinaryArray) -> _Integers:
    """How many objects each line holds, _NOT_PLAIN for one that holds anything but flat objects and separators."""
    counts: _Integers = pc.match_substring_regex(lines, _ONE_OBJECT).to_numpy(zero_copy_only=False).astype(np.int64)
    unknown = np.flatnonzero(counts == 0)
    if len(unknown):
        is_plain = pc.match_substring_regex(lines.take(pa.array(unknown)), _ONLY_OBJECTS).to_numpy(zero_copy_only=False)
        counts[unknown[~is_plain]] = _NOT_PLAIN
        plain = unknown[is_plain]
        # Only in lines that are known to be plain is each match an object, and the search linear.
        counts[plain] = pc.count_substring_regex(lines.take(pa.array(plain)), _OBJECT).to_numpy(zero_copy_only=False)
    return counts
