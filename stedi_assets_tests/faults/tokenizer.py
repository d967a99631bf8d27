"""A slow tokenizer of landed text that shares nothing with the product's: the grammar as documented, by `json` alone.

Here: where records begin and end, and of which kind they are. Not here: whether an object fits a contract.
"""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

_MARK = b"\xef\xbb\xbf".decode("latin-1")
_JSON = json.JSONDecoder(parse_int=str)  # text: an integer of 5,000 digits is JSON, and no int of Python's


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
        return _whole_value_end(text, start)
    except RecursionError:
        end: int | None = deep(lambda: _whole_value_end(text, start))
        return end


def _whole_value_end(text: str, start: int) -> int | None:
    try:
        found: tuple[Any, int] = _JSON.raw_decode(text, start)
    except ValueError:
        return None
    return found[1]


def deep(read: Callable[[], Any]) -> Any:
    """What `read` gives, with room for a hundred thousand levels of nesting: `json` takes one call for each."""
    found: list[Any] = []
    limit, stack = sys.getrecursionlimit(), threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(100_000)
    try:
        thread = threading.Thread(target=lambda: found.append(read()))
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(stack)
    return found[0]


def _skip(text: str, position: int) -> int:
    while position < len(text):
        if text[position] in " \t\r\n,[]":
            position += 1
        elif text.startswith(_MARK, position):
            position += len(_MARK)
        else:
            break
    return position
