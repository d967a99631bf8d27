"""Deliveries of each source as they go wrong: the same for the same seed."""

import gzip
import json
import random
import re
from collections.abc import Callable

from stedi_assets_tests.support.lake import AGREED, TAKEN, customer, motion, step

SEPARATORS = ("", " ", "\n", "\r\n", ",", "\n\n")


_USERS = ("a@x", "Persön@x", "x}{y", 'q"{\\"}')


def records_of(draw: random.Random, count: int, source: str = "accelerometer") -> list[bytes]:
    """Whole objects, each of which fits the contract."""
    made = []
    for _ in range(count):
        name, taken = f"{draw.choice(_USERS)}{draw.randrange(99)}", TAKEN + draw.randrange(400)
        if source == "accelerometer":
            made.append(motion(name, taken))
        elif source == "step_trainer":
            made.append(step(name, taken, draw.randrange(300)))
        else:
            made.append(customer(name, f"s{draw.randrange(9)}", draw.choice((None, 0, AGREED)), taken))
    return [json.dumps(one, ensure_ascii=draw.random() < 0.5).encode() for one in made]


def delivery(draw: random.Random, source: str = "accelerometer") -> tuple[bytes, set[bytes]]:
    """The bytes of an object, and the records that were whole before it went wrong."""
    whole = records_of(draw, draw.randint(1, 12), source)
    content = draw.choice(SEPARATORS).encode().join(whole)
    for _ in range(draw.randint(1, 3)):
        content = draw.choice(_TEXT)(draw, content)
    if draw.random() < 0.1:
        packed = gzip.compress(content)
        content = packed[: draw.randint(2, len(packed))]
    return content, set(whole)


def _cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randint(0, len(content))]


def _duplicate(draw: random.Random, content: bytes) -> bytes:
    first, last = sorted(draw.randint(0, len(content)) for _ in range(2))
    return content[:last] + content[first:last] + content[last:]


def _flip(draw: random.Random, content: bytes) -> bytes:
    flipped = bytearray(content)
    for _ in range(min(3, len(content))):
        flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
    return bytes(flipped)


def _insert(draw: random.Random, content: bytes) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + draw.choice(_INSERTED) + content[place:]


def _splice(draw: random.Random, content: bytes) -> bytes:
    other = b"\n".join(records_of(draw, 3))
    return content[: draw.randint(0, len(content))] + other[draw.randint(0, len(other)) :]


def _newlines(draw: random.Random, content: bytes) -> bytes:
    return content.replace(b"\n", draw.choice((b"", b"\r", b"\r\n", b"\n\n")))


def _nest(draw: random.Random, content: bytes) -> bytes:
    deep = draw.choice((5, 60, 199, 200, 10_000))
    opening, closing = draw.choice(((b'{"a":', b"}"), (b"[", b"]")))
    return content + b'{"d":' + opening * deep + b"1" + closing * draw.choice((deep, deep - 1)) + b"}"


def _value(draw: random.Random, content: bytes) -> bytes:
    """Another value in the place of one that is there."""
    places = [match.span(1) for match in re.finditer(rb'": ?("[^"]*"|-?[0-9.]+|null)(?=[,}])', content)]
    if not places:
        return content
    begin, end = draw.choice(places)
    return content[:begin] + draw.choice(_VALUES) + content[end:]


def _again(draw: random.Random, content: bytes) -> bytes:
    """A key twice, with the same value or another, spelled the same or not."""
    places = list(re.finditer(rb'("[A-Za-z]+": ?)("[^"]*"|-?[0-9.]+)(?=[,}])', content))
    if not places:
        return content
    chosen = draw.choice(places)
    key = draw.choice((chosen[1], chosen[1].upper()))
    more = b", " + key + draw.choice((chosen[2], draw.choice(_VALUES), b'"' + chosen[2].strip(b'"') + b'"'))
    return content[: chosen.end()] + more + content[chosen.end() :]


_VALUES = (
    *(
        b'""',
        b'" "',
        b"null",
        b"true",
        b"NaN",
        b"-Infinity",
        b'"inf"',
        b"1e999",
        b"-0",
        b"-0.0",
        b"0",
        b"1e-999",
        b"7.0",
    ),
    *(
        b'" 1.5 "',
        b"1.65e12",
        b'"1650000000000"',
        b"1650000000000.5",
        b"1650000000",
        b"-1",
        b"9" * 5_000,
        b"[1]",
        b"{}",
    ),
    *(
        b"4102444800000",
        b"9223372036854775808",
        b"2147483648",
        b'"\\ud800"',
        b'"\\ud83d\\ude00"',
        b'"\\u0000"',
        b'"\xff"',
    ),
    b'"' + b"x" * 1_000_000 + b'"',
)
_INSERTED = (
    *(b"{", b"}", b'"', b"\\", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"null", b"NaN", b"1e999"),
    b"9" * 5_000,
    b"x" * 200_000,
)
_TEXT: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_cut, _duplicate, _flip, _insert, _splice, _newlines, _nest, _value, _value, _again),
)
