"""What bytes hold below their surface: compressed streams, Avro and Parquet files, found anywhere in them.

Here: one decoder for each format in which the store or the lakehouse writes. Not here: what is looked for, and where
(`traces`).

Nothing is assumed of where a format begins: a volume of the store is many objects one after another. A decoder looks
for the format's magic bytes and skips what only looks like it.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

_STREAMS: dict[str, tuple[bytes, Callable[[], Any]]] = {
    "gzip": (b"\x1f\x8b\x08", lambda: zlib.decompressobj(wbits=31)),
    "zstd": (b"\x28\xb5\x2f\xfd", lambda: zstandard.ZstdDecompressor().decompressobj()),
}
_AVRO = b"Obj\x01"
_PARQUET = b"PAR1"
# Begins with a constant, for which `re` looks ten times as fast: these are looked for in every byte of a store.
_ESCAPES = re.compile(rb"\\u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*")
_PIECE = 1 << 16
_STARTS_TRIED = 4
_NOT_THE_FORMAT = (ValueError, IndexError, KeyError, OSError, zlib.error, pa.ArrowException)


def streams(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every gzip member and zstd frame, decompressed, also one that is cut off."""
    for name, (magic, decompressor) in _STREAMS.items():
        for start in _places(magic, data):
            if text := _decompress(decompressor(), memoryview(data)[start:]):
                yield f"{name} at {start}", text


def _decompress(stream: Any, data: memoryview) -> bytes:
    """What comes out before the end or the first error. In pieces: what follows the end would be copied each time."""
    found = []
    try:
        for start in range(0, len(data), _PIECE):
            found.append(stream.decompress(data[start : start + _PIECE]))
            if stream.eof:
                break
    except (zlib.error, zstandard.ZstdError):
        pass
    return b"".join(found)


def avro(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The blocks of every Avro file. Strings lie in them in one piece, those of a manifest's bounds too."""
    for start in _places(_AVRO, data):
        try:
            codec, place = _avro_header(data, start + len(_AVRO))
            for number, block in enumerate(_avro_blocks(data, place, codec)):
                yield f"avro at {start}, block {number}", block
        except _NOT_THE_FORMAT:
            continue


def _avro_header(data: bytes, place: int) -> tuple[str, int]:
    """The codec, and where the sync marker begins that ends the header."""
    header: dict[bytes, bytes] = {}
    while True:
        count, place = _zigzag(data, place)
        if count == 0:
            return header.get(b"avro.codec", b"null").decode(), place
        if count < 0:  # then the block's size comes first, for readers that skip
            _, place = _zigzag(data, place)
        for _ in range(abs(count)):
            name, place = _sized(data, place)
            header[name], place = _sized(data, place)


def _avro_blocks(data: bytes, place: int, codec: str) -> Iterator[bytes]:
    sync = data[place : place + 16]
    place += 16
    while place < len(data):
        _, place = _zigzag(data, place)
        block, place = _sized(data, place)
        if data[place : place + 16] != sync:
            return
        place += 16
        yield _avro_decoders[codec](block)


_avro_decoders: dict[str, Callable[[bytes], bytes]] = {
    "null": lambda block: block,
    "deflate": lambda block: zlib.decompress(block, wbits=-15),
    "snappy": lambda block: _unsnappy(block[:-4]),  # a checksum follows
    "zstandard": lambda block: _decompress(zstandard.ZstdDecompressor().decompressobj(), memoryview(block)),
}


def parquet(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The columns and the metadata of every Parquet file that lies in one piece."""
    magics = list(_places(_PARQUET, data))
    for number, end in enumerate(magics):
        footer = int.from_bytes(data[max(0, end - 4) : end], "little")
        for start in reversed(magics[max(0, number - _STARTS_TRIED) : number]):
            if not 0 < footer <= end - start - 8:
                continue
            try:
                file = pq.ParquetFile(pa.BufferReader(memoryview(data)[start : end + len(_PARQUET)]))
                columns = [(name, _values(column)) for name, column in _columns(file)]
            except _NOT_THE_FORMAT:
                continue
            yield from ((f"parquet at {start}, {name}", values) for name, values in columns)
            break


def _columns(file: Any) -> Iterator[tuple[str, Any]]:
    table = file.read()
    yield "metadata", pa.chunked_array([[str({**(file.metadata.metadata or {}), **(table.schema.metadata or {})})]])
    for row_group in range(file.metadata.num_row_groups):
        for column in range(file.metadata.num_columns):
            statistics = file.metadata.row_group(row_group).column(column).statistics
            if statistics is not None and statistics.has_min_max:
                yield f"statistics {column}", pa.chunked_array([[f"{statistics.min}\n{statistics.max}"]])
    for name in table.column_names:
        yield f"column {name}", table[name]


def _values(column: Any) -> bytes:
    """Every value of a column. Arrow keeps strings one after another: there is nothing to be joined."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_date(kind):
        texts = column.unique().cast(pa.string()).drop_null()
        return str(pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), "\n")[0]).encode()
    chunks = [chunk.dictionary_decode() if pa.types.is_dictionary(kind) else chunk for chunk in column.chunks]
    return b"\n".join(bytes(part) for chunk in chunks for part in chunk.buffers() if part is not None)


def unescaped(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The text with JSON's escapes (`\\u00e9`) as the characters that they stand for, where it has any."""
    if _ESCAPES.search(data):
        yield "unescaped", _ESCAPES.sub(_characters, data)


def _characters(escapes: re.Match[bytes]) -> bytes:
    units = bytes.fromhex(escapes.group().replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "replace").encode()


def _places(magic: bytes, data: bytes) -> Iterator[int]:
    place = data.find(magic)
    while place >= 0:
        yield place
        place = data.find(magic, place + 1)


def _unsnappy(data: bytes) -> bytes:
    size, _ = _varint(data, 0)
    return bytes(pa.Codec("snappy").decompress(data, size, asbytes=True))


def _sized(data: bytes, place: int) -> tuple[bytes, int]:
    size, place = _zigzag(data, place)
    if not 0 <= size <= len(data) - place:
        raise ValueError("expected a size within the data")
    return data[place : place + size], place + size


def _zigzag(data: bytes, place: int) -> tuple[int, int]:
    number, place = _varint(data, place)
    return (number >> 1) ^ -(number & 1), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[place] & 0x7F) << shift
        shift += 7
        place += 1
        if data[place - 1] < 0x80:
            return number, place
        if shift > 63:
            raise ValueError("expected a number of 64 bits")
