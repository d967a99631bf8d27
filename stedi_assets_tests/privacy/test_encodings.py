"""What is packed or encoded in an unreadable record is found as far as the standard library reads it."""

import base64
import bz2
import gzip
import io
import json
import lzma
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING
from stedi_assets.erasure import encodings
from stedi_assets.erasure.raw_objects import Rewritten, without_erased
from stedi_assets.landing.parse import parse
from stedi_assets_tests.privacy.test_suppression import ANN, raw_of, suppression

RECORD = json.dumps({"email": "Ann@x.org", "customerName": "Ann Smith", "phone": "555-1234"}).encode()
OTHER = suppression(["ben@y.org"], ["s-2"], ["Ben Jones"])
LIMIT = 10_000_000


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("some/readme.txt", b"nothing")
        archive.writestr("records.json", content)
    return file.getvalue()


def in_json(content: bytes) -> bytes:
    return b'{"payload": "%b", "x": ' % base64.b64encode(content)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip in gzip": lambda content: gzip.compress(gzip.compress(content)),
    "gzip in damaged gzip": lambda content: gzip.compress(gzip.compress(content))[:-1],
    "gzip after text": lambda content: b"-- begin --" + gzip.compress(content),
    "zip": zipped,
    "zip, cut": lambda content: zipped(content)[:-60],
    "zip of bzip2": lambda content: zipped(content, zipfile.ZIP_BZIP2),
    "xz": lzma.compress,
    "xz, cut": lambda content: lzma.compress(content)[:-4],
    "base64 of LZMA": lambda content: in_json(lzma.compress(content, lzma.FORMAT_ALONE)),
    "bzip2": bz2.compress,
    "xz of zip of gzip": lambda content: lzma.compress(zipped(gzip.compress(content))),
    "base64 in JSON": in_json,
    "base64 of zlib in JSON": lambda content: in_json(zlib.compress(content)),
    "base64 for URLs": lambda content: (
        b'{"p": "%b", ' % base64.urlsafe_b64encode(b"\xff\xfe?>" + gzip.compress(content))
    ),
    "base64 in lines": lambda content: b'{"p": \n' + base64.encodebytes(gzip.compress(content)) + b",",
    "base64 of base64": lambda content: in_json(base64.b64encode(content)),
    "base64 of UTF-16": lambda content: in_json(content.decode().encode("utf-16")),
    "hexadecimal": lambda content: b'{"p": "%b", ' % content.hex().encode(),
}


@pytest.mark.parametrize("way", PACKED)
def test_a_person_is_found_in_what_is_packed(way: str) -> None:
    content = PACKED[way](RECORD)
    rows = [row for batch in parse(content, "k", CUSTOMER_LANDING, LIMIT) for row in batch.to_pylist()]
    assert [row["raw"] for row in rows if ANN.mentioned_in(row["raw"])]
    assert not any(OTHER.mentioned_in(row["raw"]) for row in rows)
    assert b"".join(row["raw"].lower().encode() for row in rows).find(b"ann@x.org") < 0
    found = without_erased(content, CUSTOMER_LANDING, ANN, LIMIT)
    assert found is not None
    assert without_erased(found.content, CUSTOMER_LANDING, ANN, LIMIT) is None


@pytest.mark.parametrize(
    "raw",
    [
        '{"user": "ann%40x.org", ',
        '{"user": "ann%40x%2Eorg", ',
        '{"user": "ann%2540x.org", ',
        '{"user": "ann&#64;x.org", ',
        '{"user": "ann&#x40;x.org", ',
        '{"user": "ann&commat;x.org", ',
        '{"user": "ann&amp;#64;x.org", ',
        r'{"user": "ann\u002640;x.org", "u": "ann\u0026#64;x.org", ',
        '{"user": "ann=40x.org", ',
        '{"user": "an=\r\nn=40x.org", ',
        '{"name": "Ann%20Smith", ',
        '{"name": "Ann=20Smith", ',
        '{"name": "Ann&#32;Smith", ',
    ],
)
def test_a_person_is_found_by_encoded_characters(raw: str) -> None:
    assert ANN.mentioned_in(raw)
    assert not OTHER.mentioned_in(raw)


def test_nesting_has_an_end_and_bombs_are_not_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    content = RECORD
    for depth in range(encodings.MAX_DEPTH + 2):
        assert ANN.mentioned_in(raw_of(in_json(content))) == (depth < encodings.MAX_DEPTH)
        content = bz2.compress(content)
    monkeypatch.setattr(encodings, "MAX_HIDDEN_BYTES", 2**18)
    nothing = bytes(2**25)
    bombs = [gzip.compress(nothing), bz2.compress(nothing), lzma.compress(nothing), zipped(nothing)]
    raws = [raw_of(b"x" + bomb) for bomb in (*bombs, lzma.compress(bombs[1]), b"".join(bombs))]
    tracemalloc.start()
    assert not any(ANN.mentioned_in(raw) for raw in raws)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**24


@pytest.mark.parametrize(
    "piece",
    [
        "%",
        "%4",
        "%40",
        "&",
        "&#",
        "&#6",
        "&#64;",
        "&a",
        "=",
        "=4",
        "=40",
        "=\n",
        "PK\3\4",
        "BZh91AY&SY",
        "x^",
        "A",
        "QUFB",
    ],
)
def test_hostile_text_takes_no_more_than_its_length(piece: str) -> None:
    raw = piece * (200_000 // len(piece))
    begin = time.perf_counter()
    assert not ANN.mentioned_in(raw)
    assert ANN.mentioned_in(raw + '"\n ann&#64;x.org')
    assert time.perf_counter() - begin < 20


def test_hostile_numbers_of_characters_are_no_characters() -> None:
    assert not ANN.mentioned_in("&#9999999;&#xFFFFFF;&#xD800;&#55555555555555;%ff%fe=FF&nosuchname;")


def test_many_beginnings_of_packed_data_take_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MAX_HIDDEN_BYTES", 2**20)
    begins = (b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"x\x9c", b"\xfd7zXZ\0", b"]\0\0\x01\0", b"PK\3\4\0\0\0\0\x08\0")
    begin = time.perf_counter()
    for packed in begins:
        assert not list(encodings.packed_texts(packed * (2**18 // len(packed))))
    assert time.perf_counter() - begin < 20


def test_another_ones_record_that_has_a_packed_mention_stays() -> None:
    reading = b'{"user": "ben@y.org", "note": "%b", "x": ' % base64.b64encode(RECORD)
    assert ANN.mentioned_in(raw_of(reading))
    assert without_erased(reading, ACCELEROMETER_LANDING, ANN, LIMIT) is None
    own = reading.replace(b"ben@y.org", b"ann@x.org")
    assert without_erased(own, ACCELEROMETER_LANDING, ANN, LIMIT) == Rewritten(b"", 1)


def test_packed_bytes_that_look_like_an_address_are_no_other_customer() -> None:
    packed = b"-- q@r --" + gzip.compress(RECORD, mtime=0)
    assert without_erased(packed, CUSTOMER_LANDING, ANN, LIMIT) == Rewritten(b"", 1)
