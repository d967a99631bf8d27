"""Objects of a gigabyte, and what unpacks to more: refused, in memory that is bounded.

They are uploaded in parts that are all the same block: no test holds a gigabyte. By `make test-faults`.
"""

import zlib
from pathlib import Path

import pytest

from stedi_assets.contracts import CONTRACTS
from stedi_assets_tests.faults.bad_input.case import text
from stedi_assets_tests.faults.measured import Measured, measured
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.lake import Lake

GIGABYTE, BLOCK = 2**30, 2**26
LIMIT = str(512 * 2**20)
READING = text() + b"\n"
LINES = (READING * (BLOCK // len(READING) + 1))[: BLOCK // len(READING) * len(READING)]

# What a run takes beside the object.
ALONE = 2**30

pytestmark = pytest.mark.faults


def upload(lake: Lake, name: str, head: bytes, block: bytes, times: int) -> int:
    """An object of the head and as many times the block; its size."""
    place = {"Bucket": lake.zone.bucket, "Key": f"{lake.zone.prefix}accelerometer/{name}"}
    upload_id = lake.s3.create_multipart_upload(**place)["UploadId"]
    parts = []
    for number in range(1, times + 1):
        body = head + block if number == 1 else block
        part = lake.s3.upload_part(**place, UploadId=upload_id, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    lake.s3.complete_multipart_upload(**place, UploadId=upload_id, MultipartUpload={"Parts": parts})
    return len(head) + times * len(block)


def run(lake: Lake, what: str, limit: str) -> Measured:
    """The run, told to who runs the tests."""
    found = measured(lake.zone.uri, STEDI_MAX_OBJECT_BYTES=limit, STEDI_MAX_QUARANTINE_SHARE="1")
    ending = "read" if found.success else "refused"
    print(f"\n{what}: {ending} in {found.seconds:.0f} s, peak {found.peak_bytes / 2**20:,.0f} MiB")  # noqa: T201
    return found


def test_a_gigabyte_is_refused_before_it_is_read(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    for head, what in ((b'{"user": "', "an object without an end"), (b"", "whole lines")):
        upload(lake, "large.json", head, b"x" * BLOCK if head else LINES, GIGABYTE // BLOCK)
        found = run(lake, f"a gigabyte, {what}, limit 512 MiB", LIMIT)
        is_wrong = found.success or {c.table: lake.snapshot(c) for c in CONTRACTS} != before
        record("a gigabyte above the limit", 1, wrong=int(is_wrong))
        assert "STEDI_MAX_OBJECT_BYTES" in found.said
        assert not is_wrong
        assert found.peak_bytes < ALONE


def test_what_unpacks_to_gigabytes_is_refused_once_the_limit_is_passed(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = b"".join(packer.compress(bytes(BLOCK)) for _ in range(4 * GIGABYTE // BLOCK)) + packer.flush()
    upload(lake, "bomb.json.gz", packed, b"", 1)
    found = run(lake, f"{len(packed) / 2**20:.0f} MiB that unpack to four gigabytes, limit 512 MiB", LIMIT)
    is_wrong = found.success or {c.table: lake.snapshot(c) for c in CONTRACTS} != before
    record("a bomb of four gigabytes", 1, wrong=int(is_wrong))
    assert f"{len(packed):,} bytes that unpack to more than" in found.said
    assert not is_wrong
    assert found.peak_bytes < ALONE + 2 * int(LIMIT)
