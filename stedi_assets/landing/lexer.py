"""The census's own reading of the grammar that `split` documents: what a record is and where the next one begins.

Here: a lexer and a table that says what may follow what; nothing is decoded. It shares no code and no method with
`split`, `objects` and `scan`: where both agree on a text, neither is likely to have lost anything. Change it only with
the grammar, and never by copying from there.
"""

import re
from array import array
from typing import Literal

Kind = Literal["object", "other", "damaged"]

# Greedy, where what follows begins with another byte: possessive quantifiers match too much in Python before 3.11.5.
# Groups are repeated a hundred times at most, for `re` keeps something of each time: `_TOKEN` reads what is longer.
# (?:x|) is quicker than (?:x)?.
_CHARACTERS = rb'[^"\\\x00-\x1f]*'
_ESCAPE = rb'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})'
_STRING = rb'"' + _CHARACTERS + rb'(?:"|(?:' + _ESCAPE + _CHARACTERS + rb'){1,100}")'
_PLAIN = rb"(?:-?(?:0|[1-9]\d*)(?:\.\d+|)(?:[Ee][-+]?\d+|)|true|false|null|NaN|-?Infinity)"
_W = rb"[ \t\r\n]*"
_MEMBER = _W + _STRING + _W + rb":" + _W + rb"(?:" + _STRING + rb"|" + _PLAIN + rb")" + _W

_FLAT_OBJECT = re.compile(rb"\{(?:" + _MEMBER + rb"(?:," + _MEMBER + rb"){0,100}|" + _W + rb")\}")
_PLAIN_VALUE = re.compile(_PLAIN)
_AFTER_OTHER_VALUE = re.compile(rb"[ \t\r\n,\[\]{]|\xef\xbb\xbf|\Z")
_SEPARATORS = re.compile(rb"[ \t\r\n,\[\]]+|\xef\xbb\xbf")
# The place before a brace that isn't likely to be nested.
_RESYNC = re.compile(rb'(?:\n|[^:,\[ \t\r\n][ \t\r\n]*)(?=\{[ \t\r\n]*["}])')

# A string's token is its begin, up to its end or its first escape; the rest is looked through by `_IN_STRING`.
_TOKEN = re.compile(_W + rb'(?:([{}\[\],:])|("' + _CHARACTERS + rb'["\\])|(' + _PLAIN + rb"))")
_IN_STRING = re.compile(rb'"|' + _ESCAPE + rb"|[\\\x00-\x1f]")
_STRING_TOKEN, _PLAIN_TOKEN = 2, 3  # the groups, by number; a sign is its own byte
_OPEN, _CLOSE = "open", "close"
_SCALARS_AND_BRACKETS = {_STRING_TOKEN: "", _PLAIN_TOKEN: "", ord("{"): _OPEN, ord("["): _OPEN}

# What may follow where: state -> token -> next state; _OPEN and _CLOSE go into and out of a bracket.
_IN_OBJECT = {**_SCALARS_AND_BRACKETS, _STRING_TOKEN: "member read", _PLAIN_TOKEN: "member read"}
_IN_ARRAY = {**_SCALARS_AND_BRACKETS, _STRING_TOKEN: "item read", _PLAIN_TOKEN: "item read"}
_TABLE: dict[str, dict[int, str]] = {
    "object begun": {_STRING_TOKEN: "key read", ord("}"): _CLOSE},
    "key due": {_STRING_TOKEN: "key read"},
    "key read": {ord(":"): "value due"},
    "value due": _IN_OBJECT,
    "member read": {ord(","): "key due", ord("}"): _CLOSE},
    "array begun": {**_IN_ARRAY, ord("]"): _CLOSE},
    "item due": _IN_ARRAY,
    "item read": {ord(","): "item due", ord("]"): _CLOSE},
}


class Lexer:
    """Tells the records of one text apart."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._broken = bytearray()  # a flag for each byte: an object begun here was still open where its text broke

    def after_separators(self, position: int) -> int:
        """The first byte from here on that is no separator, or the end."""
        while match := _SEPARATORS.match(self._text, position):
            position = match.end()
        return position

    def record_at(self, start: int) -> tuple[Kind, int]:
        """What the record is that begins here, and where its own bytes and separators after it end."""
        if end := self._object_end(start):
            return "object", self.after_separators(end)
        if (end := self._scalar_end(start)) and _AFTER_OTHER_VALUE.match(self._text, end):
            return "other", self.after_separators(end)
        for before in _RESYNC.finditer(self._text, start):
            if self._object_end(before.end()):
                return "damaged", before.end()
        return "damaged", len(self._text)

    def _object_end(self, start: int) -> int | None:
        if self._text[start] != ord("{") or (self._broken and self._broken[start]):
            return None
        if flat := _FLAT_OBJECT.match(self._text, start):
            return flat.end()
        return self._nested_object_end(start)

    def _scalar_end(self, start: int) -> int | None:
        if self._text[start] == ord('"'):
            return self._string_end(start + 1)
        plain = _PLAIN_VALUE.match(self._text, start)
        return plain.end() if plain else None

    def _string_end(self, start: int) -> int | None:
        """Where the string ends that this place is in, None if a byte comes before that no string holds."""
        for found in _IN_STRING.finditer(self._text, start):
            if found[0] == b'"':
                return found.end()
            if len(found[0]) == 1:
                break
        return None

    def _nested_object_end(self, start: int) -> int | None:
        begins = array("q", [start])  # of the open brackets
        state = "object begun"
        position = start + 1
        while token := _TOKEN.match(self._text, position):
            position = token.end()
            kind = token.lastindex if token.lastindex != 1 else self._text[position - 1]
            following = _TABLE[state].get(kind or 0)
            if following is None:
                break
            if kind == _STRING_TOKEN and self._text[position - 1] == ord("\\"):
                end = self._string_end(position - 1)
                if end is None:
                    break
                position = end
            if following is _OPEN:
                begins.append(position - 1)
                state = "object begun" if kind == ord("{") else "array begun"
            elif following is _CLOSE:
                begins.pop()
                if not begins:
                    return position
                state = "member read" if self._text[begins[-1]] == ord("{") else "item read"
            else:
                state = following
        self._broken = self._broken or bytearray(len(self._text))
        for begin in begins:
            self._broken[begin] = 1
        return None
