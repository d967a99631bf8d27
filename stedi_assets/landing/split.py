"""Takes the text of a landed object apart into records, exactly; every byte belongs to one.

Here: the grammar of a landed object. Not here: unpacking (`unpack`), whether a record fits its contract (`fit`).

Grammar. At top level, separators are skipped: blank, tab, \\r, \\n, comma, '[', ']' and the UTF-8 byte order mark.
Then a record begins:
- '{' with which a whole JSON object begins (as the module json reads it, at any depth): that object;
- any other whole JSON value (string, number, true, false, null, NaN, Infinity, -Infinity) that is followed by a
  separator, a '{' or the end of the text: that value, which is no object;
- anything else: a damaged stretch, up to the next resync point or the end of the text.
A resync point is a '{' after the stretch's begin with which a whole JSON object begins, and which isn't likely to be
nested in what is damaged: it is the first byte of its line (after \\n), or the last byte before it that is not blank,
tab, \\r or \\n is none of ':' ',' '['. What may be nested is never made a row; it stays in the stretch.

Spans. A record accounts for the bytes from its begin to the begin of the next record or the end of the text, the first
record also for those before it. So the spans of a text's records sum to its size; a text of separators has no record.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from stedi_assets.landing import reasons
from stedi_assets.landing.objects import Members, ObjectFinder
from stedi_assets.landing.scan import BLANKS, CHARACTERS, ESCAPE, scalar_end

_MARK = b"\xef\xbb\xbf"  # the UTF-8 byte order mark
_SEPARATORS = re.compile(rb"[ \t\r\n,\[\]]*")
_AFTER_OTHER_VALUE = re.compile(r"[ \t\r\n,\[\]{]|\xef\xbb\xbf|\Z")
# A brace with which an object may begin, tried before anything that costs more. A key of many escapes is not read here.
_LIKELY_KEY = rf'"{CHARACTERS}(?:{ESCAPE}{{0,99}}"{BLANKS}:|{ESCAPE}{{100}})'
_LIKELY_OBJECT = re.compile(rf"\{{(?={BLANKS}(?:\}}|{_LIKELY_KEY}))")


class Record(NamedTuple):
    """One record. Offsets count the bytes of the text.

    start, stop: its own bytes, without separators around. next_start: where the next record begins, or the text ends.
    reason: why it is no readable object, None where it is one; then `members` are its keys and values, in order.
    """

    start: int
    stop: int
    next_start: int
    reason: str | None
    members: Members


class Splitter:
    """Reads the records of one text, in order or from any place that is known to be at top level."""

    def __init__(self, text: bytes) -> None:
        self._bytes = text

    @cached_property
    def _text(self) -> str:
        """As Latin-1, which keeps every byte as one character: offsets are byte offsets, and nothing fails to decode.
        Most texts are read without it (`runs`)."""
        return self._bytes.decode("latin-1")

    @cached_property
    def _objects(self) -> ObjectFinder:
        return ObjectFinder(self._text)

    def after_separators(self, position: int) -> int:
        """Where the next record begins, from a position at top level; the text's end where there is none."""
        while True:
            match = _SEPARATORS.match(self._bytes, position)
            position = match.end() if match else position
            if not self._bytes.startswith(_MARK, position):
                return position
            position += len(_MARK)

    def record_at(self, start: int) -> Record:
        """The record that begins here; `start` is what `after_separators` gave, and not the end."""
        if self._text[start] == "{":
            if found := self._objects.at(start):
                return Record(start, found.stop, self.after_separators(found.stop), found.reason, found.members)
        elif (end := scalar_end(self._text, start)) and _AFTER_OTHER_VALUE.match(self._text, end):
            return Record(start, end, self.after_separators(end), reasons.NOT_AN_OBJECT, ())
        resync = self._resync_point(start)
        return Record(start, self._without_blanks(resync), resync, reasons.DAMAGED, ())

    def _resync_point(self, start: int) -> int:
        for brace in _LIKELY_OBJECT.finditer(self._text, start + 1):
            if not self._may_be_nested(brace.start()) and self._objects.at(brace.start()):
                return brace.start()
        return len(self._text)

    def _may_be_nested(self, brace: int) -> bool:
        return self._text[brace - 1] != "\n" and self._text[self._without_blanks(brace) - 1] in ":,["

    def _without_blanks(self, stop: int) -> int:
        """The end of what is before, without the blanks; only called after a byte that is none."""
        while self._text[stop - 1] in " \t\r\n":
            stop -= 1
        return stop


def records(text: bytes) -> Iterator[Record]:
    """All the records of a text, in order."""
    splitter = Splitter(text)
    position = splitter.after_separators(0)
    while position < len(text):
        record = splitter.record_at(position)
        yield record
        position = record.next_start
