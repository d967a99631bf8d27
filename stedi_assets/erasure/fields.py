"""What an unreadable record says of itself: the pieces that it is made of, and the fields by which a person is known.

Contains the lenient reading of quarantined text. For the strict one, by which records become rows, see `landing`; for
the question whose a piece is, see `suppression`.

A damaged stretch may be many records: where each of them breaks, nothing ends the stretch (`landing.split`). It is cut
where an object may begin that is not likely to be nested, by the rule by which a stretch ends.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise, product

from stedi_assets.erasure.encodings import bytes_of, is_packed
from stedi_assets.erasure.traces import gzip_of, in_unicode, unescaped, unpacked, views

# In the order of the columns that identify a customer.
IDENTIFYING = ("email", "customername", "phone", "serialnumber")
_KEYS = (*IDENTIFYING, "user")
_FIELD = re.compile(
    rf'"({"|".join(_KEYS)})"[ \t\r\n]*:[ \t\r\n]*(?:"([^"\\]*(?:\\.[^"\\]*){{0,4000}})"|(-?[0-9]{{1,40}}))',
    re.IGNORECASE | re.DOTALL,
)
_BRACE = re.compile(r'\{(?=[ \t\r\n]*")')
_BLANKS = " \t\r\n"
_SEPARATORS = ",[]" + _BLANKS

Fields = dict[str, set[str]]


def text_of(raw: str) -> str:
    """A quarantined record as text: damaged gzip as far as it can be unpacked."""
    packed = gzip_of(raw)
    return raw if packed is None else b"".join(unpacked(packed)).decode("utf-8", "backslashreplace")


def pieces(text: str) -> list[str]:
    """The parts of a record that may be records of their own; joined they are the text. A whole object is one, and text
    in which something is packed: a part of that cannot be unpacked."""
    edges = _edges(text, bytes_of(text))
    return [text[begin:end] for begin, end in pairwise((*edges, len(text)))]


def byte_pieces(content: bytes) -> list[bytes]:
    """The same of a record's own bytes."""
    edges = _edges(content.decode("latin-1"), content)
    return [content[begin:end] for begin, end in pairwise((*edges, len(content)))]


def _edges(text: str, content: bytes) -> list[int]:
    if _pairs(text) is not None or is_packed(content):
        return [0]
    return [0, *(brace.start() for brace in _BRACE.finditer(text, 1) if not _may_be_nested(text, brace.start()))]


def says_nothing(text: str) -> bool:
    """Whether there are only separators."""
    return not text.strip(_SEPARATORS)


def fields_of(piece: str) -> Fields:
    """The values of the fields by which a person is known, by the field's name in lower case; blank ones left out.

    Of a whole object they are its own fields, not those of objects in it; else whatever looks like such a field.
    """
    found: Fields = {name: set() for name in _KEYS}
    pairs = _pairs(piece)
    if pairs is None:
        pairs = [
            (key, unescaped(text) or number) for view in views(piece) for key, text, number in _FIELD.findall(view)
        ]
    for key, value in pairs:
        if key.lower() in found and isinstance(value, str) and value.strip():
            found[key.lower()].add(in_unicode(value))
    return found


def customers_in(raw: str) -> Iterator[tuple[str | None, ...]]:
    """Each customer that a quarantined customer record names, as IDENTIFYING columns; only with an address."""
    for piece in pieces(text_of(raw)):
        fields = fields_of(piece)
        if fields["email"]:
            values: list[list[str | None]] = [[*sorted(fields[name])] or [None] for name in IDENTIFYING]
            yield from product(*values)


def _pairs(text: str) -> list[tuple[str, object]] | None:
    """The fields of a whole object; None for any other text."""
    if not text.startswith("{"):
        return None
    try:
        return list(_DECODER.decode(text))
    except (ValueError, RecursionError):
        return None


# Numbers stay text: a serial may be written as one.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str, strict=False)


def _may_be_nested(text: str, brace: int) -> bool:
    if text[brace - 1] == "\n":
        return False
    before = brace - 1
    while before > 0 and text[before] in _BLANKS:
        before -= 1
    return text[before] in ":,["
