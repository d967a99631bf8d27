"""From the bytes of an S3 object to its text: gzip or plain, told apart by the first two bytes.

Here: unpacking and the limit on size. Not here: what the text holds (`split`), and the object's name, which decides
nothing: gzip arrives as .json and text as .gz.
"""

import zlib

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = zlib.MAX_WBITS | 16  # header, checksum and length are checked by zlib

# What is left of a piece after a member's end is copied once per member: with the whole object as one piece, a file of
# many tiny members takes quadratic time.
_PIECE = 16 * 1024


class DamagedGzipError(ValueError):
    """Gzip that is cut, broken, or followed by bytes that are not gzip. Nothing of it is to be read."""


class ObjectTooLarge(ValueError):  # noqa: N818 - the name is part of the interface
    """An object whose text is larger than the setting STEDI_MAX_OBJECT_BYTES allows; nothing of it was read."""

    def __init__(self, found: str, max_text_bytes: int) -> None:
        super().__init__(
            f"a landing object holds {found} bytes of text, at most {max_text_bytes:,} are allowed: "
            "split the object, or raise STEDI_MAX_OBJECT_BYTES if the workers have the memory"
        )


def unpack(content: bytes, max_text_bytes: int) -> bytes:
    """The text of an object, unpacked where it is gzip (of one or many members).

    Raises ObjectTooLarge (for gzip as soon as the limit is passed: no bomb is unpacked whole) and DamagedGzipError.
    """
    if content.startswith(GZIP_MAGIC):
        return _gunzip(content, max_text_bytes)
    if len(content) > max_text_bytes:
        raise ObjectTooLarge(f"{len(content):,}", max_text_bytes)
    return content


def _gunzip(content: bytes, max_text_bytes: int) -> bytes:
    packed = memoryview(content)
    unpacked = bytearray()
    member = zlib.decompressobj(_GZIP_FORMAT)
    read = 0
    while read < len(packed):
        if member.eof:
            member = zlib.decompressobj(_GZIP_FORMAT)
        piece: bytes | memoryview = packed[read : read + _PIECE]
        read += len(piece)
        while piece and not member.eof:
            try:
                # One byte more than allowed is enough to know; 0 would mean no limit.
                unpacked += member.decompress(piece, max_text_bytes - len(unpacked) + 1)
            except zlib.error:
                raise DamagedGzipError("gzip is broken") from None
            if len(unpacked) > max_text_bytes:
                found = f"{len(content):,} bytes that unpack to more than {max_text_bytes:,}"
                raise ObjectTooLarge(found, max_text_bytes)
            piece = member.unconsumed_tail
        read -= len(member.unused_data)
    if not member.eof:
        raise DamagedGzipError("gzip is cut")
    return bytes(unpacked)
