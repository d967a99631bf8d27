"""Strict JSON by hand: where an object ends, or that it doesn't. No recursion, whatever is nested.

Here: the tokens of JSON and the check of one object. Not here: its values (`objects` has them decoded), and what may
stand between objects (`split`). It takes exactly what `json` takes, NaN and Infinity included; text is bytes as
Latin-1, so that positions are byte offsets.
"""

import re
from array import array
from typing import NamedTuple

# What is repeated and what may follow it begin with different characters, so matching never backtracks far. Possessive
# quantifiers would say so, but match too much in Python before 3.11.5.
BLANKS = r"[ \t\r\n]*"
INTEGER = r"-?(?:0|[1-9][0-9]*)"
NUMBER = INTEGER + r"(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
CHARACTERS = r'[^"\\\x00-\x1f]*'
ESCAPE = rf'(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}){CHARACTERS})'  # and the characters after it

# `re` keeps 170 bytes for each repetition of a group, so a string with escapes is read in parts: first up to its end or
# its first escape, then a thousand escapes at a time.
_STRING = rf'"{CHARACTERS}["\\]'
_KEY = rf'"{CHARACTERS}(?:"{BLANKS}:|\\)'
_ESCAPES = re.compile(rf"{ESCAPE}{{1,1000}}")
_SCALAR = rf"(?:{_STRING}|{NUMBER}|true|false|null|NaN|-?Infinity)"

# What may come next. The last character of a match shows what was found.
_VALUE = re.compile(rf"{BLANKS}(?:[{{\[]|{_SCALAR})")
_FIRST_ITEM = re.compile(rf"{BLANKS}(?:[{{\[\]]|{_SCALAR})")
_NEXT_KEY = re.compile(rf"{BLANKS}{_KEY}")
_FIRST_KEY = re.compile(rf"{BLANKS}(?:\}}|{_KEY})")
_COLON = re.compile(rf"{BLANKS}:")
_AFTER_VALUE = re.compile(rf"{BLANKS}[,}}\]]")

_NOTHING_UNCLOSED = array("q")


class Scan(NamedTuple):
    """What was found at an opening brace.

    is_whole: whether a whole object begins there. stop: where it ends (the offset after its closing brace) or breaks.
    depth: the deepest nesting, the object itself counted.
    unclosed: where it breaks, the offsets of all the braces that are open there.
    """

    is_whole: bool
    stop: int
    depth: int
    unclosed: "array[int]"


def scan_object(text: str, brace: int) -> Scan:
    """Whether a whole JSON object begins at this brace. Takes time in proportion to what it passes over."""
    brackets = bytearray()  # the open ones, innermost last
    braces = array("q")  # offsets of the open braces among them: machine words, for there may be millions
    depth = 0
    position = brace
    expected = _VALUE
    while match := expected.match(text, position):
        position = match.end()
        sign = text[position - 1]
        if sign == ":":
            expected = _VALUE
        elif sign == ",":
            expected = _NEXT_KEY if brackets[-1] == ord("{") else _VALUE
        elif sign == "{":
            brackets += b"{"
            braces.append(position - 1)
            expected = _FIRST_KEY
        elif sign == "[":
            brackets += b"["
            expected = _FIRST_ITEM
        elif sign in "}]":
            if brackets[-1] != (ord("{") if sign == "}" else ord("[")):
                break
            depth = max(depth, len(brackets))
            brackets.pop()
            if sign == "}":
                braces.pop()
            if not brackets:
                return Scan(True, position, depth, _NOTHING_UNCLOSED)
            expected = _AFTER_VALUE
        elif sign == "\\":
            end = _string_end(text, position - 1)
            if end is None:
                break
            position = end
            expected = _COLON if expected is _NEXT_KEY or expected is _FIRST_KEY else _AFTER_VALUE
        else:
            expected = _AFTER_VALUE
    return Scan(False, position, max(depth, len(brackets)), braces)


def scalar_end(text: str, start: int) -> int | None:
    """Return where the string, number or word that begins here ends; None if none begins here."""
    match = _VALUE.match(text, start)
    if not match or match[0] in "{[":
        return None
    return _string_end(text, match.end() - 1) if match[0][-1] == "\\" else match.end()


def _string_end(text: str, escape: int) -> int | None:
    """Return where the string that has an escape here ends; None if the string is damaged."""
    position = escape
    while escapes := _ESCAPES.match(text, position):
        position = escapes.end()
    return position + 1 if text.startswith('"', position) else None
