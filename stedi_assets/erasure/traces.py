"""Pieces of an unreadable record that may give a person away: whatever might be an address, a name, a phone, a serial.

Here: taking damaged text apart into candidates, and damaged gzip into text. Not here: who is looked for
(`suppression`); nothing in this module knows a person.

Damaged text has no grammar to go by: it may begin inside a string, end in an escape, be JSON inside JSON or no JSON at
all. So the same text is cut in several ways, and what is right in any of them is a candidate. Each way takes time in
proportion to the text: patterns consume also what they do not want, so that no place is tried twice.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

from stedi_assets.landing.unpack import GZIP_MAGIC

# Text is looked at in windows, so that memory stays small; what is longer than the overlap may be missed at an edge.
WINDOW_CHARACTERS = 4 * 1024 * 1024
OVERLAP_CHARACTERS = 64 * 1024
# JSON written into a string of JSON has its escapes escaped; deeper than that is not looked.
_UNESCAPED_TIMES = 2

# `re` keeps 170 bytes for each repetition of a group, so these are limited; a longer text goes on as the next match.
# Between two quotes, whether they open or close: damaged text may begin inside a string.
_QUOTED = re.compile(r'[^"\\]*(?:\\.[^"\\]*){0,1000}', re.DOTALL)
_STRETCH = re.compile(r'[^",:;=|{}\[\]<>()\\\t\r\n]+')
_TOKEN = re.compile(r'[^",:;=|{}\[\]<>()\\\s]+')
# A local part is consumed whether or not an @ follows. A domain has at most 127 labels.
_ADDRESSES = [
    re.compile(rf"({local}+)(?=(@[\w-]+(?:\.[\w-]+){{0,126}}))?") for local in (r"[\w.+-]", r"[\w.!#$%&'*+/=?^`{|}~-]")
]
_ENDS = "'`.!?*#/_-"  # what a writer puts around a word without meaning it

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_SHORT_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

_GZIP_RAW = re.compile(r"gzip, [0-9]+ bytes, (?:the first [0-9]+ of them )?in base64: ([A-Za-z0-9+/=]*)")
_GZIP_FORMAT = zlib.MAX_WBITS | 16
_PIECE_BYTES = 16 * 1024


def traces(raw: str) -> Iterator[set[str]]:
    """The candidates in a quarantined record's raw text, window by window; for damaged gzip also those packed in it."""
    for begin in range(0, len(raw), WINDOW_CHARACTERS):
        yield _candidates(raw[begin : begin + WINDOW_CHARACTERS + OVERLAP_CHARACTERS])
    if gzip := _GZIP_RAW.match(raw):
        encoded = gzip[1].rstrip("=")
        encoded = encoded[: len(encoded) - (len(encoded) % 4 == 1)]  # one digit alone is no byte
        try:
            packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        except binascii.Error:
            return
        yield from traces_in_gzip(packed)


def traces_in_gzip(packed: bytes) -> Iterator[set[str]]:
    """The candidates in what can still be unpacked of damaged gzip, and in what follows it unpacked."""
    window = bytearray()
    for piece in _unpacked(packed):
        window += piece
        if len(window) >= WINDOW_CHARACTERS:
            yield _candidates(window.decode("utf-8", "backslashreplace"))
            del window[:-OVERLAP_CHARACTERS]
    yield _candidates(window.decode("utf-8", "backslashreplace"))


def _candidates(text: str) -> set[str]:
    found: set[str] = set()
    for view in _views(text):
        for content in _QUOTED.findall(view):
            found.add(content)
            found.add(_unescaped(content))
        for pattern in (_STRETCH, _TOKEN):
            for piece in pattern.findall(view):
                found.add(piece)
                found.add(piece.strip().strip(_ENDS))
        for pattern in _ADDRESSES:
            for local, domain in pattern.findall(view):
                if domain:
                    found.add(local + domain)
                    found.add(local.strip(_ENDS) + domain.strip(_ENDS))
    return {candidate for candidate in found if not candidate.isspace() and candidate}


def _views(text: str) -> list[str]:
    """The text as it is, without the NULs of UTF-16, and with its escapes read."""
    views = [text]
    if "\0" in text:
        views.append(text.replace("\0", ""))
    for _ in range(_UNESCAPED_TIMES):
        if "\\" in views[-1]:
            views.append(_unescaped(views[-1]))
    return [_in_unicode(view) for view in views]


def _unescaped(text: str) -> str:
    r"""With JSON's escapes read, and \xNN, which stands for a byte that is not UTF-8, as Latin-1."""
    return _in_unicode(_ESCAPE.sub(_character, text)) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else _SHORT_ESCAPES.get(escape[3], escape[3])


def _in_unicode(text: str) -> str:
    """Two surrogates as the character that they stand for; one alone, which no UTF-8 text can hold, replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """Piece by piece what each member gives before it breaks, and then what comes after the last one as it is."""
    read = 0
    while packed.startswith(GZIP_MAGIC, read):
        member = zlib.decompressobj(_GZIP_FORMAT)
        while read < len(packed) and not member.eof:
            piece = packed[read : read + _PIECE_BYTES]
            before = member.copy()
            try:
                yield member.decompress(piece)
            except zlib.error:
                yield _until_it_breaks(before, piece)
                yield packed[read:]
                return
            read += len(piece)
        read -= len(member.unused_data)
    yield packed[read:]


def _until_it_breaks(member: "zlib._Decompress", piece: bytes) -> bytes:
    """What this piece still gives: zlib drops the output of a call that fails, so it is fed byte by byte."""
    unpacked = bytearray()
    for place in range(len(piece)):
        try:
            unpacked += member.decompress(piece[place : place + 1])
        except zlib.error:
            break
    return bytes(unpacked)
