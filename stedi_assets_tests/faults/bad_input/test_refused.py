"""What a run refuses as a whole: it says why, and readers of every table keep what they had."""

import gzip
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stedi_assets.contracts import CONTRACTS
from stedi_assets.landing.unpack import ObjectTooLarge, unpack
from stedi_assets.transforms import landing
from stedi_assets_tests.faults.bad_input.case import text
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.lake import CUSTOMERS, Lake, customer, failure, lines, materialized

SHARE = "quarantine_share"
_PACKED = gzip.compress(lines([customer(f"c{n}@x.org", "s") for n in range(50)]).encode())


class Refused(NamedTuple):
    """A file that no run takes; said: part of the message."""

    point: int
    name: str
    content: bytes
    said: str
    source: str = "accelerometer"


REFUSED = (
    Refused(2, "cut.json", text() + text()[:40], SHARE),
    Refused(2, "no text at all.json", random.Random(2).randbytes(2_000), SHARE),
    Refused(5, "other objects.json", b'{"a": 1}' * 50, SHARE),
    Refused(
        6, "seconds.json", lines([customer("x@x.org", "s", updated=1_600_000_000)] * 9).encode(), SHARE, "customer"
    ),
    Refused(7, "cut.json.gz", _PACKED[:-20], SHARE, "customer"),
    Refused(7, "UTF-16.json", text().decode().encode("utf-16"), SHARE),
    Refused(7, "a bomb.json.gz", gzip.compress(bytes(2**24)), "that unpack to more than 9,999,999 bytes"),
    Refused(7, "too large.json", text() * 140_000, "split the object, or raise STEDI_MAX_OBJECT_BYTES"),
)


def test_what_is_refused_leaves_every_table_as_it_was(
    lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEDI_MAX_OBJECT_BYTES", "9999999")
    assert lake.run().success
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    for refused in REFUSED:
        key = f"{refused.source}/bad/{refused.name}"
        lake.s3.put_object(Bucket=lake.zone.bucket, Key=f"{lake.zone.prefix}{key}", Body=refused.content)
        result = lake.run()
        is_untouched = {contract.table: lake.snapshot(contract) for contract in CONTRACTS} == before
        record(f"{refused.point} a file that is refused", 1, wrong=int(result.success or not is_untouched))
        assert not result.success, refused.name
        assert refused.said in failure(result), refused.name
        assert materialized(result) == set()
        assert is_untouched
        lake.remove(key)
    assert lake.run().success, "what is refused leaves nothing behind that stops the next run"
    assert len(lake.rows(CONTRACTS[0])) == len(CUSTOMERS)


def test_an_object_that_lies_there_larger_than_allowed_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that was: a gigabyte was taken into memory to find out that it is one."""

    def fetched(*_: Any) -> bytes:
        raise AssertionError("it was fetched")

    monkeypatch.setattr(landing, "fetch", fetched)
    listed = {"bucket": "b", "source_object": "k", "etag": "e", "bytes": 2**30}
    with pytest.raises(ObjectTooLarge, match=r"1,073,741,824 bytes.*STEDI_MAX_OBJECT_BYTES"):
        landing.content_of(listed, 2**29)
    with pytest.raises(AssertionError, match="it was fetched"):
        landing.content_of(listed, 2**30)


def test_a_bomb_is_told_by_its_size_as_it_lies_there() -> None:
    """So that it can be found among thousands: messages name no object, as names may be personal."""
    bomb = gzip.compress(bytes(2**24))
    with pytest.raises(ObjectTooLarge, match=f"holds {len(bomb):,} bytes that unpack to more than 100 bytes of text"):
        unpack(bomb, 100)
