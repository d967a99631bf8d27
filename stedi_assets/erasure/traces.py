"""Pieces of an unreadable record that may give a person away: whatever might be an address, a name, a phone, a serial.

Here: taking damaged text apart into candidates, and damaged gzip into text. Not here: text that is packed or encoded in
it (`encodings`), who is looked for (`suppression`); nothing in this module knows a person.

Damaged text has no grammar to go by: it may begin inside a string, end in an escape, be JSON inside JSON or no JSON at
all. So the same text is cut in several ways, and what is right in any of them is a candidate. Each way takes time in
proportion to the text: patterns consume also what they do not want, so that no place is tried twice.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator

from stedi_assets.erasure.encodings import MAX_HIDDEN_BYTES, bytes_of, encoded_texts, packed_texts
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
    yield from _in_windows(raw)
    if (packed := gzip_of(raw)) is not None:
        yield from traces_in_gzip(packed)
    for text in packed_texts(bytes_of(raw)):
        yield from _in_windows(text)


def gzip_of(raw: str) -> bytes | None:
    """The damaged gzip that raw text is of, as far as raw text holds it; None for other raw text."""
    gzip = _GZIP_RAW.match(raw)
    if not gzip:
        return None
    encoded = gzip[1].rstrip("=")
    encoded = encoded[: len(encoded) - (len(encoded) % 4 == 1)]  # one digit alone is no byte
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        return None


def traces_in_gzip(packed: bytes) -> Iterator[set[str]]:
    """The candidates in what can still be unpacked of damaged gzip, and in what follows it unpacked."""
    window, begin = bytearray(), bytearray()
    for piece in unpacked(packed):
        window += piece
        begin += piece[: MAX_HIDDEN_BYTES - len(begin)]
        if len(window) >= WINDOW_CHARACTERS:
            yield from _in_window(window.decode("utf-8", "backslashreplace"))
            del window[:-OVERLAP_CHARACTERS]
    yield from _in_window(window.decode("utf-8", "backslashreplace"))
    for text in packed_texts(bytes(begin)):
        yield from _in_windows(text)


def addresses(text: str) -> Iterator[set[str]]:
    """Each address in the text, in the spellings that it may be meant in. One that may be cut, at the text's begin or
    end, is left out."""
    for found in _ADDRESSES[1].finditer(text):
        local, domain = found.groups()
        if domain and found.start() > 0 and found.end() + len(domain) < len(text):
            bare = _ADDRESSES[0].findall(local)[-1][0] if _ADDRESSES[0].search(local) else local
            yield {name.strip(ends) + domain.strip(ends) for name in (local, bare) for ends in ("", _ENDS)}


def _in_windows(text: str) -> Iterator[set[str]]:
    for begin in range(0, len(text), WINDOW_CHARACTERS):
        yield from _in_window(text[begin : begin + WINDOW_CHARACTERS + OVERLAP_CHARACTERS])


def _in_window(text: str) -> Iterator[set[str]]:
    """The candidates as the text stands there, and in what is encoded in it."""
    yield _candidates(text)
    for view in dict.fromkeys(views(text)):
        for encoded in encoded_texts(view):
            yield _candidates(encoded)


def _candidates(text: str) -> set[str]:
    found: set[str] = set()
    for view in views(text):
        for content in _QUOTED.findall(view):
            found.add(content)
            found.add(unescaped(content))
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


def views(text: str) -> list[str]:
    """The text as it is, without the NULs of UTF-16, and with its escapes read."""
    found = [text]
    if "\0" in text:
        found.append(text.replace("\0", ""))
    for _ in range(_UNESCAPED_TIMES):
        if "\\" in found[-1]:
            found.append(unescaped(found[-1]))
    return [in_unicode(view) for view in found]


def unescaped(text: str) -> str:
    r"""With JSON's escapes read, and \xNN, which stands for a byte that is not UTF-8, as Latin-1."""
    return in_unicode(_ESCAPE.sub(_character, text)) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else _SHORT_ESCAPES.get(escape[3], escape[3])


def in_unicode(text: str) -> str:
    """Two surrogates as the character that they stand for; one alone, which no UTF-8 text can hold, replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unpacked(packed: bytes, *, also_broken: bool = True) -> Iterator[bytes]:
    """Piece by piece what each member gives before it breaks, and then what comes after the last one as it is.

    also_broken: also what comes after a break, which is mostly compressed."""
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
                if also_broken:
                    yield packed[read:]
                return
            read += len(piece)
        read -= len(member.unused_data)
    yield packed[read:]


def _until_it_breaks(member: "zlib._Decompress", piece: bytes) -> bytes:
    """What this piece still gives: zlib drops the output of a call that fails, so it is fed byte by byte."""
    given = bytearray()
    for place in range(len(piece)):
        try:
            given += member.decompress(piece[place : place + 1])
        except zlib.error:
            break
    return bytes(given)
