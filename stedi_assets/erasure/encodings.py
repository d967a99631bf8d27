"""Text that is packed or encoded in an unreadable record, as far as the standard library can read it.

Contains gzip, zlib, bzip2, xz, LZMA and zip, damaged ones too, wherever they begin; base64 and hexadecimal digits; and
%40, &#64; and =40 for a character. Each is found in each other, up to a depth and an amount: a bomb ends there. For the
search in the text that is found, see `traces`; docs/privacy.md lists what nothing here reads.
"""

import base64
import binascii
import bz2
import codecs
import html.entities
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 4
# Of one record: what is fed to an unpacker counts, and what comes out of it.
MAX_HIDDEN_BYTES = 64 * 2**20

# Small, as what an unpacker gives of the piece at which the data breaks is lost.
_PIECE_BYTES = 512
_MEMORY_BYTES = 256 * 2**20  # an xz header can ask for gigabytes

# `re` keeps 170 bytes for each repetition of a group: a longer text goes on as the next match.
_OCTETS = {sign: re.compile(rf"(?:{sign}[0-9A-Fa-f]{{2}}){{1,4000}}") for sign in "%="}
_SOFT_LINE_END = re.compile(r"=[ \t]*\r?\n")
_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,30}))(?:;|(?![A-Za-z0-9;]))")
# Wrapped base64 has lines of 60 to 76 digits.
_WRAPPED = re.compile(r"(?<=[A-Za-z0-9+/]{60})[ \t]*\r?\n[ \t]*(?=[A-Za-z0-9+/=])")
_DIGITS = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{12,}")
_ESCAPED_BYTE = re.compile(rb"\\x([0-9a-f]{2})")

_MAGIC = re.compile(
    rb"(?P<gzip>\x1f\x8b\x08)|(?P<zip>PK\x03\x04)|(?P<bzip2>BZh[1-9](?:1AY&SY|\x17rE8P\x90))|(?P<xz>\xfd7zXZ\x00)"
    rb"|(?P<lzma>\]\x00\x00[\x00-\x80])|(?P<zlib>\x78[\x01\x5e\x9c\xda])"
)
_UNPACKERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    "zlib": zlib.decompressobj,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY_BYTES),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, _MEMORY_BYTES),
}
# The packing of a zip's member, by its number. Stored text (0) stands in the zip as it is.
_ZIPPED: dict[int, Callable[[], Any]] = {8: lambda: zlib.decompressobj(-zlib.MAX_WBITS), 12: bz2.BZ2Decompressor}
_ZIP_HEADER_BYTES = 30


@dataclass
class _Budget:
    """What may still be read of one record."""

    left: int

    def spend(self, size: int) -> None:
        self.left = max(0, self.left - size)


def encoded_texts(text: str) -> Iterator[str]:
    """Text that is encoded in a text by printable characters, packed text in it included."""
    yield from _in_text(text, MAX_DEPTH, _Budget(MAX_HIDDEN_BYTES))


def packed_texts(content: bytes) -> Iterator[str]:
    """Text that is packed in bytes, encoded text in it included."""
    yield from _in_bytes(content, MAX_DEPTH, _Budget(MAX_HIDDEN_BYTES))


def is_packed(content: bytes) -> bool:
    """Whether something that is surely packed begins in the content."""
    return any(found.lastgroup not in ("lzma", "zlib") for found in _MAGIC.finditer(content))


def bytes_of(raw: str) -> bytes:
    r"""The bytes that a quarantined record's raw text stands for: \xNN is one that is not UTF-8."""
    content = raw.encode("utf-8", "surrogatepass")
    return _ESCAPED_BYTE.sub(lambda found: bytes([int(found[1], 16)]), content) if b"\\x" in content else content


def _in_text(text: str, depth: int, budget: _Budget) -> Iterator[str]:
    if not depth or not budget.left:
        return
    budget.spend(len(text))
    decoded = _decoded(text)
    if decoded != text:
        yield decoded
        yield from _in_text(decoded, depth - 1, budget)
    joined = _WRAPPED.sub("", text)
    contents = [*map(_from_base64, _DIGITS.findall(joined)), *map(_from_hexadecimal, _HEXADECIMAL.findall(joined))]
    found = [content for content in contents if content]
    # One text for all: most are words that only look encoded.
    if texts := "\n".join(read for content in found if (read := _readable(content))):
        yield texts
        yield from _in_text(texts, depth - 1, budget)
    for content in found:
        yield from _in_bytes(content, depth - 1, budget)


def _in_bytes(content: bytes, depth: int, budget: _Budget) -> Iterator[str]:
    if not depth or not budget.left:
        return
    for unpacked in _unpacked(content, budget):
        text = _text_of(unpacked)
        yield text
        yield from _in_text(text, depth - 1, budget)
        yield from _in_bytes(unpacked, depth - 1, budget)


def _decoded(text: str) -> str:
    """With %40, &#64; and =40 as the characters that they stand for."""
    if "%" in text:
        text = _OCTETS["%"].sub(_octets, text)
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if "=" in text:
        text = _OCTETS["="].sub(_octets, _SOFT_LINE_END.sub("", text))
    return text


def _octets(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace(found[0][0], "")).decode("utf-8", "replace")


def _entity(found: re.Match[str]) -> str:
    if found[3]:
        return html.entities.html5.get(f"{found[3]};", found[0])
    code = int(found[1]) if found[1] else int(found[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]


def _from_base64(digits: str) -> bytes:
    """What the digits stand for, of either alphabet; nothing where they cannot be base64."""
    if len(digits) % 4 == 1:
        return b""
    try:
        return base64.b64decode(digits.replace("-", "+").replace("_", "/") + "=" * (-len(digits) % 4))
    except binascii.Error:
        return b""


def _from_hexadecimal(digits: str) -> bytes:
    return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""


def _readable(content: bytes) -> str:
    """The content as text; nothing where it is none, as most that looks like base64."""
    if _MAGIC.match(content):
        return ""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _text_of(content) if b"@" in content or content.startswith(_MARKS) else ""


_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _text_of(content: bytes) -> str:
    return (
        content.decode("utf-16", "replace") if content.startswith(_MARKS) else content.decode(errors="backslashreplace")
    )


def _unpacked(content: bytes, budget: _Budget) -> Iterator[bytes]:
    """What each packed part gives, until it ends or breaks, or the budget does."""
    for found in _MAGIC.finditer(content):
        if not budget.left:
            return
        kind, start = str(found.lastgroup), found.start()
        if kind == "zip":
            method, start = _zipped(content, start)
            make = _ZIPPED.get(method)
        else:
            make = _UNPACKERS[kind]
        if make and (unpacked := _unpack(make(), memoryview(content)[start:], budget)):
            yield unpacked


def _zipped(content: bytes, start: int) -> tuple[int, int]:
    """How a zip's member is packed and where it begins, by its own header: a zip that is cut has no directory."""
    header = content[start : start + _ZIP_HEADER_BYTES]
    if len(header) < _ZIP_HEADER_BYTES:
        return 0, start
    method, name, extra = (int.from_bytes(header[place : place + 2], "little") for place in (8, 26, 28))
    return method, start + _ZIP_HEADER_BYTES + name + extra


def _unpack(unpacker: Any, packed: memoryview, budget: _Budget) -> bytes:
    unpacked = bytearray()
    for place in range(0, len(packed), _PIECE_BYTES):
        if unpacker.eof or not budget.left:
            break
        piece = packed[place : place + _PIECE_BYTES]
        try:
            given = unpacker.decompress(piece, budget.left)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            break
        unpacked += given
        budget.spend(len(piece) + len(given))
    return bytes(unpacked)
