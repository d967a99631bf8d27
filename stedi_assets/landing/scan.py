"""Strict JSON by hand: where an object ends, or that it doesn't. No recursion, whatever is nested.

Here: the tokens of JSON and the check of one object. Not here: its values (`objects` has them decoded), and what may
stand between objects (`split`). It takes exactly what `json` takes, NaN and Infinity included; text is bytes as
Latin-1, so that positions are byte offsets.
"""

import re
from array import array
from typing import NamedTuple

# Possessive throughout: a token is what it is at its place, and no input makes the matching backtrack.
BLANKS = r"[ \t\r\n]*+"
STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
INTEGER = r"-?(?:0|[1-9][0-9]*+)"
NUMBER = INTEGER + r"(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
SCALAR = rf"(?:{STRING}|{NUMBER}|true|false|null|NaN|-?Infinity)"

# What may come next. Group 1 is the bracket or comma; a key or a scalar leaves it empty.
_VALUE = re.compile(rf"{BLANKS}(?:([{{\[])|{SCALAR})")
_FIRST_ITEM = re.compile(rf"{BLANKS}(?:([{{\[\]])|{SCALAR})")
_KEY = re.compile(rf"{BLANKS}(){STRING}{BLANKS}:")
_FIRST_KEY = re.compile(rf"{BLANKS}(?:(\}})|{STRING}{BLANKS}:)")
_AFTER_VALUE = re.compile(rf"{BLANKS}([,}}\]])")

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
        sign = match[1]
        if not sign:
            expected = _VALUE if expected is _KEY or expected is _FIRST_KEY else _AFTER_VALUE
        elif sign == "{":
            brackets += b"{"
            braces.append(position - 1)
            expected = _FIRST_KEY
        elif sign == "[":
            brackets += b"["
            expected = _FIRST_ITEM
        elif sign == ",":
            expected = _KEY if brackets[-1] == ord("{") else _VALUE
        else:
            if brackets[-1] != (ord("{") if sign == "}" else ord("[")):
                break
            depth = max(depth, len(brackets))
            brackets.pop()
            if sign == "}":
                braces.pop()
            if not brackets:
                return Scan(True, position, depth, _NOTHING_UNCLOSED)
            expected = _AFTER_VALUE
    return Scan(False, position, max(depth, len(brackets)), braces)
