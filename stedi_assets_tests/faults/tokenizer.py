"""A slow tokenizer of landed text that shares nothing with the product's: the grammar as documented, by `json` alone.

Here: where records begin and end, and of which kind they are. Not here: whether an object fits a contract.
"""

import json
import re
from typing import Any, NamedTuple

_MARK = b"\xef\xbb\xbf".decode("latin-1")
_JSON = json.JSONDecoder(parse_int=str)  # text: an integer of 5,000 digits is JSON, and no int of Python's
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[^"{}\[\]]+|.', re.DOTALL)


class Token(NamedTuple):
    """kind: object, value or damaged. span: the bytes that it accounts for."""

    kind: str
    start: int
    span: int
    text: bytes


def tokens(content: bytes) -> list[Token]:
    """The records of unpacked text. Their spans sum to its size, unless there is none."""
    text = content.decode("latin-1")
    found: list[tuple[str, int, int]] = []
    position = _skip(text, 0)
    while position < len(text):
        kind, stop = _record(text, position)
        found.append((kind, position, stop))
        position = _skip(text, stop)
    begins = [0, *(start for _, start, _ in found[1:]), len(text)]
    return [
        Token(kind, start, begins[n + 1] - begins[n], content[start:stop])
        for n, (kind, start, stop) in enumerate(found)
    ]


def _record(text: str, start: int) -> tuple[str, int]:
    stop = _value_end(text, start)
    if stop is not None:
        if text[start] == "{":
            return "object", stop
        if stop == len(text) or text[stop] in "{ \t\r\n,[]" or text.startswith(_MARK, stop):
            return "value", stop
    brace = text.find("{", start + 1)
    while brace >= 0:
        before = text[:brace].rstrip(" \t\r\n")[-1]
        if (text[brace - 1] == "\n" or before not in ":,[") and _value_end(text, brace) is not None:
            return "damaged", brace
        brace = text.find("{", brace + 1)
    return "damaged", len(text)


def _value_end(text: str, start: int) -> int | None:
    try:
        found: tuple[Any, int] = _JSON.raw_decode(text, start)
    except RecursionError:
        return _deep_value_end(text, start)
    except ValueError:
        return None
    return found[1]


def _deep_value_end(text: str, start: int) -> int | None:
    """Return the end of a value that is nested deeper than `json` goes: each level is read with 0 for those in it."""
    levels: list[str] = []  # the text so far of each open bracket
    for piece in _PIECE.finditer(text, start):
        if piece[0] in "{[":
            levels.append("")
        levels[-1] += piece[0]
        if piece[0] in "}]":
            try:
                _JSON.decode(levels.pop())
            except ValueError:
                return None
            if not levels:
                return piece.end()
            levels[-1] += " 0 "
    return None


def _skip(text: str, position: int) -> int:
    while position < len(text):
        if text[position] in " \t\r\n,[]":
            position += 1
        elif text.startswith(_MARK, position):
            position += len(_MARK)
        else:
            break
    return position
