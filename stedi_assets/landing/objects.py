"""Whole JSON objects in a text: one by one, decoded, each brace tried no more than it takes.

Here: what is a whole object and what its members are. Not here: what stands between objects (`split`) and whether the
members fit a contract (`fit`).
"""

import json
from typing import NamedTuple

from stedi_assets.landing import reasons
from stedi_assets.landing.scan import scan_object

# Deeper than this is quarantined. A limit of our own: how deep `json` gets depends on how deep its caller already is.
MAX_DEPTH = 200

# `json` first tries a piece of this size. Its errors count the lines up to where they occur: with the whole text in
# hand, many errors far into a large object take quadratic time.
_PIECE = 4096


class NumberText(str):
    """A JSON number as it is written (also NaN, Infinity): int() fails on long ones, float() forgets digits."""

    __slots__ = ()


Members = tuple[tuple[str, object], ...]
_DECODER = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=NumberText, parse_float=NumberText, parse_constant=NumberText
)


class WholeObject(NamedTuple):
    """An object and where it ends. `reason` says why its members can't be read; None: they can."""

    stop: int
    members: Members
    reason: str | None


class ObjectFinder:
    """Tells for the braces of one text whether a whole object begins there.

    All attempts together take time in proportion to the text. An attempt that fails leaves behind which braces were
    open when it broke: for these it has shown that they aren't whole, and they are never tried again. A brace that it
    passed over without such a mark is whole, or was inside a string. So a new attempt takes for a string what the
    failed one took for none, and the other way round, as long as both go on; a third that starts where both went on
    would start at a brace that one of the two took for none. No byte is passed over by more than two.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._not_whole: bytearray | None = None  # one flag for each byte, made when first needed
        self._latest: tuple[int, WholeObject | None] = (-1, None)

    def at(self, brace: int) -> WholeObject | None:
        """The whole object that begins at this brace, None if there is none."""
        if self._not_whole is not None and self._not_whole[brace]:
            return None
        if self._latest[0] != brace:
            self._latest = (brace, self._find(brace))
        return self._latest[1]

    def _find(self, brace: int) -> WholeObject | None:
        try:
            members, length = _DECODER.raw_decode(self._text[brace : brace + _PIECE])
        except (ValueError, RecursionError):
            return self._find_slowly(brace)
        raw = self._text[brace : brace + length]
        if raw.count("{") + raw.count("[") > MAX_DEPTH and scan_object(raw, 0).depth > MAX_DEPTH:
            return WholeObject(brace + length, (), reasons.TOO_DEEP)
        return _in_utf8(raw, brace + length, members)

    def _find_slowly(self, brace: int) -> WholeObject | None:
        """The same for an object that is larger than a piece, too deep for `json`, or not whole."""
        scan = scan_object(self._text, brace)
        if not scan.is_whole:
            if self._not_whole is None:
                self._not_whole = bytearray(len(self._text))
            for unclosed in scan.unclosed:
                self._not_whole[unclosed] = 1
            return None
        if scan.depth > MAX_DEPTH:
            return WholeObject(scan.stop, (), reasons.TOO_DEEP)
        raw = self._text[brace : scan.stop]
        return _in_utf8(raw, scan.stop, _DECODER.raw_decode(raw)[0])


def _in_utf8(raw: str, stop: int, members: Members) -> WholeObject:
    """The object with its text read as UTF-8: bytes beyond ASCII stand in strings only, so its bounds are the same."""
    if raw.isascii():
        return WholeObject(stop, members, None)
    try:
        text = raw.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return WholeObject(stop, (), reasons.NOT_UTF8)
    return WholeObject(stop, _DECODER.raw_decode(text)[0], None)
