"""What a table's objects say once they are unpacked, by means of their own: no catalog, no Iceberg."""

import io
import zlib

import pyarrow.parquet as pq

from stedi_assets_tests.support.lake import Lake

_AVRO = b"Obj\x01"


def objects_saying(lake: Lake, location: str, text: str) -> list[str]:
    """The objects below the location that hold the text, as stored or unpacked, in any case of letters."""
    bucket, prefix = location.removeprefix("s3://").split("/", 1)
    return [
        key
        for key in lake.keys(bucket, f"{prefix}/")
        if text.lower().encode() in _unpacked(lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read()).lower()
    ]


def _unpacked(content: bytes) -> bytes:
    if content.startswith(b"PAR1"):
        file = pq.ParquetFile(io.BytesIO(content))
        return content + repr((file.metadata.metadata, file.read().to_pylist())).encode()
    if content.startswith(_AVRO):
        return content + _avro_blocks(content)
    return content


def _avro_blocks(content: bytes) -> bytes:
    stream = io.BytesIO(content[len(_AVRO) :])
    header: dict[str, bytes] = {}
    while pairs := _long(stream):
        for _ in range(pairs):
            name = stream.read(_long(stream)).decode()
            header[name] = stream.read(_long(stream))
    mark = stream.read(16)
    blocks = []
    while stream.tell() < len(content) - len(_AVRO):
        _long(stream)  # how many entries the block has
        block = stream.read(_long(stream))
        blocks.append(zlib.decompress(block, -15) if header["avro.codec"] == b"deflate" else block)
        assert stream.read(16) == mark
    assert header["avro.codec"] in (b"deflate", b"null")
    return b"".join(blocks)


def _long(stream: io.BytesIO) -> int:
    shift = number = 0
    while True:
        (byte,) = stream.read(1)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1)
