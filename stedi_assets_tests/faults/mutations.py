"""Deliveries of motion readings as they go wrong: the same for the same seed."""

import gzip
import json
import random
from collections.abc import Callable

from stedi_assets_tests.lake import TAKEN, motion

SEPARATORS = ("", " ", "\n", "\r\n", ",", "\n\n")


def readings(draw: random.Random, count: int) -> list[bytes]:
    """Whole objects, each of which fits the contract."""
    users = ("a@x", "Persön@x", "x}{y", 'q"{\\"}')
    made = [motion(f"{draw.choice(users)}{draw.randrange(99)}", TAKEN + draw.randrange(400)) for _ in range(count)]
    return [json.dumps(one, ensure_ascii=draw.random() < 0.5).encode() for one in made]


def delivery(draw: random.Random) -> tuple[bytes, set[bytes]]:
    """The bytes of an object, and the readings that were whole before it went wrong."""
    whole = readings(draw, draw.randint(1, 12))
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
    other = b"\n".join(readings(draw, 3))
    return content[: draw.randint(0, len(content))] + other[draw.randint(0, len(other)) :]


def _newlines(draw: random.Random, content: bytes) -> bytes:
    return content.replace(b"\n", draw.choice((b"", b"\r", b"\r\n", b"\n\n")))


def _nest(draw: random.Random, content: bytes) -> bytes:
    deep = draw.choice((5, 60, 200))
    return content + b'{"a":' * deep + b"1" + b"}" * draw.choice((deep, deep - 1))


_INSERTED = (
    *(b"{", b"}", b'"', b"\\", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"null", b"NaN", b"1e999"),
    b"9" * 5_000,
    b"x" * 200_000,
)
_TEXT: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_cut, _duplicate, _flip, _insert, _splice, _newlines, _nest),
)
