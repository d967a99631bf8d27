"""A landing zone without the erased: which of its objects are written again, and which are never overwritten."""

import gzip
from typing import Any

import pytest

from stedi_assets.erasure import raw_objects
from stedi_assets.erasure.raw_objects import ObjectChangedError, Rewritten, rewrite_zone, without_erased
from stedi_assets.erasure.suppression import NOBODY
from stedi_assets_tests.erasure.test_raw_objects import ANN, LIMIT, A, B, C, rows_of
from stedi_assets_tests.support.lake import Lake, bring


def put(lake: Lake, key: str, content: bytes, **headers: str) -> None:
    lake.s3.put_object(Bucket=lake.zone.bucket, Key=f"{lake.zone.prefix}{key}", Body=content, **headers)


def get(lake: Lake, key: str) -> bytes:
    found: bytes = lake.s3.get_object(Bucket=lake.zone.bucket, Key=f"{lake.zone.prefix}{key}")["Body"].read()
    return found


def test_a_zone_is_rewritten_in_place_and_only_where_it_has_to(lake: Lake, tmp_path: Any) -> None:
    bring(lake, tmp_path)
    put(lake, "accelerometer/2/only ann.json.gz", gzip.compress(A + A), ContentType="application/gzip")
    put(lake, "accelerometer/2/no ann.json", B)
    put(lake, "customer/notes.txt", b"ann@x.org")
    etags = {landed.key: landed.etag for landed in lake.zone.objects()}
    assert rewrite_zone(lake.zone, NOBODY, LIMIT) == dict.fromkeys(
        ("customer", "accelerometer", "step_trainer"), (0, 0)
    )
    expected = {"customer": (1, 1), "accelerometer": (2, 4), "step_trainer": (1, 2)}
    assert rewrite_zone(lake.zone, ANN, LIMIT) == expected
    after = {landed.key: landed.etag for landed in lake.zone.objects_to_ingest()}
    assert set(after) == set(etags)
    assert sum(after[key] != etags[key] for key in etags) == 4
    assert get(lake, "accelerometer/2/only ann.json.gz") == gzip.compress(b"", compresslevel=6, mtime=0)
    headers = lake.s3.head_object(Bucket=lake.zone.bucket, Key=f"{lake.zone.prefix}accelerometer/2/only ann.json.gz")
    assert headers["ContentType"] == "application/gzip"
    assert get(lake, "customer/notes.txt") == b"ann@x.org"
    users = [row["user"] for row in rows_of(get(lake, "accelerometer/mirror/accelerometer.json"))]
    assert users == ["ben@x.org", "no@x.org"]
    assert rewrite_zone(lake.zone, ANN, LIMIT) == dict.fromkeys(expected, (0, 0))


def test_what_was_delivered_meanwhile_is_never_overwritten(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    put(lake, "accelerometer/ann@x.org.json", A)
    original = without_erased

    def meanwhile(*arguments: Any) -> Rewritten | None:
        put(lake, "accelerometer/ann@x.org.json", B)
        return original(*arguments)

    monkeypatch.setattr(raw_objects, "without_erased", meanwhile)
    with pytest.raises(ObjectChangedError, match="run again") as raised:
        rewrite_zone(lake.zone, ANN, LIMIT)
    assert "ann" not in str(raised.value)
    assert get(lake, "accelerometer/ann@x.org.json") == B
    listed = lake.zone.objects()
    put(lake, "accelerometer/ann@x.org.json", C)
    monkeypatch.setattr(type(lake.zone), "objects", lambda zone: listed)
    with pytest.raises(ObjectChangedError):
        rewrite_zone(lake.zone, ANN, LIMIT)
    lake.s3.delete_object(Bucket=lake.zone.bucket, Key=listed[0].key)
    with pytest.raises(ObjectChangedError):
        rewrite_zone(lake.zone, ANN, LIMIT)
