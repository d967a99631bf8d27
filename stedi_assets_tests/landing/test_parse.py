"""From an object's bytes to rows and quarantine: what becomes of each kind of bad input."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stedi_assets.contracts import ACCELEROMETER_LANDING, SOURCES, STEP_TRAINER_LANDING, Contract
from stedi_assets.landing import batches
from stedi_assets.landing import parse as module
from stedi_assets.landing.parse import MAX_BATCH_ROWS, parse, parsed_schema
from stedi_assets.landing.split import records
from stedi_assets.landing.unpack import ObjectTooLarge, unpack
from stedi_assets_tests.support.documents import MARK, TEXTS

AT = 1_655_564_444_103
LIMIT = 10_000_000
KEY = 'accelerometer/it\'s "a" naïve/../key.json'


def reading(user: str = "a@x", **changed: Any) -> bytes:
    members = {"user": user, "timestamp": AT, "x": 1.0, "y": -1.0, "z": 0.0} | changed
    return json.dumps(members, ensure_ascii=False).encode("utf-8")


def rows_of(content: bytes, contract: Contract = ACCELEROMETER_LANDING) -> list[dict[str, Any]]:
    """All rows; what has to hold for any input is asserted on the way."""
    batches = list(parse(content, KEY, contract, LIMIT))
    for batch in batches:
        assert batch.schema == parsed_schema(contract)
        assert 0 < batch.num_rows <= MAX_BATCH_ROWS
        batch.validate(full=True)
    rows: list[dict[str, Any]] = [row for batch in batches for row in batch.to_pylist()]
    provenance = {"source_object", "source_offset", "source_bytes"}
    for row in rows:
        assert row["source_object"] == KEY
        if row["reason"]:
            assert row["raw"] is not None
            assert all(row[name] is None for name in contract.column_names if name not in provenance)
        else:
            assert (row["field"], row["raw"]) == (None, None)
            assert all(row[column.name] is not None for column in contract.columns if column.required)
    return rows


def users_and_reasons(content: bytes) -> list[str]:
    """What became of each record: the user, or the reason and field."""
    return [row["user"] or ":".join(filter(None, (row["reason"], row["field"]))) for row in rows_of(content)]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(list(SOURCES.values())))
def test_nothing_is_lost_whatever_arrives(content: bytes, contract: Contract) -> None:
    rows = rows_of(content, contract)
    assert [row["source_offset"] for row in rows] == [record.start for record in records(content)]
    assert sum(row["source_bytes"] for row in rows) in {len(content), 0}


def test_objects_on_one_line_and_braces_in_strings() -> None:
    """faults.md, 1."""
    for separator in (b"", b" ", b"\n", b"\r\n", b",", b",\n", b"]\n["):
        content = b"[" + separator.join(reading(user) for user in ("a", "x}{y", 'q"{\\"}', "é😀")) + b"]"
        assert users_and_reasons(content) == ["a", "x}{y", 'q"{\\"}', "é😀"]
    assert users_and_reasons(reading(nested={"a": [{"user": "inner"}]}) + reading("b")) == ["a@x", "b"]


def test_a_file_cut_in_its_last_object() -> None:
    """faults.md, 2."""
    whole = reading("a") + b"\n" + reading("b") + b"\n"
    for length in range(1, len(reading("c"))):
        rows = rows_of(whole + reading("c")[:length])
        assert [row["user"] for row in rows] == ["a", "b", None]
        cut = rows[2]
        assert (cut["reason"], cut["field"], cut["source_offset"]) == ("damaged", None, len(whole))
        assert cut["raw"] == reading("c")[:length].decode().rstrip(" ")
    assert users_and_reasons(reading("a")[:20] + reading("b")) == ["damaged", "b"]
    assert users_and_reasons(reading("a")[:20] + b"\n" + reading("b")) == ["damaged", "b"]


def test_marks_blank_lines_and_empty_files() -> None:
    """faults.md, 3."""
    assert rows_of(b"") == rows_of(b"\n \r\n") == rows_of(MARK) == []
    first, second = rows_of(MARK + b"\n\n" + reading("a") + b"\r\n\r\n" + MARK + reading("b") + b"\n\n")
    assert (first["user"], first["source_offset"], first["source_bytes"]) == ("a", 5, 5 + len(reading()) - 2 + 7)
    assert (second["user"], second["source_bytes"]) == ("b", len(reading("b")) + 2)


def test_spellings_of_keys() -> None:
    """faults.md, 4."""
    for key in ("timestamp", "timeStamp", "TIMESTAMP"):
        (row,) = rows_of(reading().replace(b"timestamp", key.encode()))
        assert (row["timestamp"], row["extra_fields"]) == (AT, None)
    assert users_and_reasons(reading(timeStamp=AT)) == ["a@x"]
    assert users_and_reasons(reading(timeStamp=AT + 1)) == ["conflicting:timestamp"]


def test_what_is_no_reading() -> None:
    """faults.md, 5."""
    without_user = reading().replace(b'"user": "a@x", ', b"")
    content = b"\n".join([b"null", b"42", b'"text"', b"{}", without_user, reading(other=1, More=[2])])
    assert users_and_reasons(content) == [*["not_an_object"] * 3, "missing:user", "missing:user", "a@x"]
    rows = rows_of(content)
    assert rows[-1]["extra_fields"] == "More,other"
    assert [row["raw"] for row in rows[:4]] == ["null", "42", '"text"', "{}"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"x": float("nan")}, "not_finite:x"),
        ({"y": float("inf")}, "not_finite:y"),
        ({"z": "NaN"}, "not_finite:z"),
        ({"timestamp": "yesterday"}, "wrong_type:timestamp"),
        ({"timestamp": -AT}, "out_of_range:timestamp"),
        ({"timestamp": AT // 1000}, "out_of_range:timestamp"),
        ({"timestamp": 4_102_444_800_000}, "out_of_range:timestamp"),
        ({"timestamp": str(AT), "x": " 1.5 ", "y": "1e-1"}, "a@x"),
    ],
)
def test_numbers_that_are_none(members: dict[str, Any], expected: str) -> None:
    """faults.md, 6."""
    assert users_and_reasons(reading(**members)) == [expected]
    many = b"\n".join([reading(), reading(**members), reading()] * 40)
    assert users_and_reasons(many) == ["a@x", expected, "a@x"] * 40


def test_too_large_a_number() -> None:
    """faults.md, 6."""
    assert users_and_reasons(reading(x=7).replace(b"7", b"1e999")) == ["not_finite:x"]
    assert users_and_reasons(reading(x=7).replace(b"7", b"7" * 10_000)) == ["not_finite:x"]


def test_bytes_that_are_not_utf8_are_kept_readable() -> None:
    """faults.md, 7."""
    content = reading().replace(b"a@x", b"\xffa\xe9") + reading("b") + b"\n\xfe\xff"
    rows = rows_of(content)
    assert [(row["user"], row["reason"]) for row in rows] == [(None, "not_utf8"), ("b", None), (None, "damaged")]
    assert rows[0]["raw"].startswith('{"user": "\\xffa\\xe9",')
    assert rows[2]["raw"] == "\\xfe\\xff"
    assert users_and_reasons(reading().replace(b"a@x", b"\\ud800")) == ["not_utf8:user"]
    assert rows_of(reading().replace(b'"z"', b'"\\ud800":1,"z"'))[0]["extra_fields"] == "\\ud800"


def test_whole_gzip_is_read_as_the_text_in_it() -> None:
    """faults.md, 7: whatever the object's name is."""
    text = b"\n".join([reading("a"), reading("b"), reading("c")[:9]])
    members = gzip.compress(text[:7]) + gzip.compress(b"") + gzip.compress(text[7:])
    assert rows_of(gzip.compress(text)) == rows_of(members) == rows_of(text)
    assert unpack(b"".join(gzip.compress(bytes([byte])) for byte in text), LIMIT) == text


def test_damaged_gzip_is_one_record_and_never_read_in_part() -> None:
    """faults.md, 7."""
    packed = gzip.compress(b"\n".join(reading(f"{n}") for n in range(500)))
    flipped = packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:]
    broken = [packed[:length] for length in range(2, len(packed), 97)] + [packed[:-1], flipped]
    trailing = [packed + tail for tail in (b"\n", b"\x00", reading(), b"\x1f\x8b", packed[:-1])]
    for content in [*broken, *trailing, b"\x1f\x8b" + reading()]:
        (row,) = rows_of(content)
        assert (row["reason"], row["field"]) == ("damaged_gzip", None)
        assert (row["source_offset"], row["source_bytes"]) == (0, len(content))
        head, _, encoded = row["raw"].partition(" in base64: ")
        assert head == f"gzip, {len(content)} bytes,"
        assert base64.b64decode(encoded) == content


def test_raw_text_is_cut_where_it_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RAW_BYTES", 10)
    monkeypatch.setattr(module, "MAX_RAW_GZIP_BYTES", 4)
    assert rows_of(b"x" * 5000)[0]["raw"] == "xxxxxxxxxx [cut here: 5,000 bytes in all]"
    assert rows_of(b"\x1f\x8bxxxx")[0]["raw"] == "gzip, 6 bytes, the first 4 of them in base64: H4t4eA=="


def test_too_large_an_object_is_refused_before_it_is_unpacked_whole() -> None:
    assert users_and_reasons(reading()) == ["a@x"]
    with pytest.raises(ObjectTooLarge, match=r"1,001 bytes.*1,000.*STEDI_MAX_OBJECT_BYTES"):
        list(parse(b" " * 1001, KEY, ACCELEROMETER_LANDING, 1000))
    bomb = gzip.compress(b"\0" * 50_000_000)
    for content in (bomb, bomb[:-1], gzip.compress(b"{}") + bomb):
        with pytest.raises(ObjectTooLarge, match=r"more than 1,000 bytes.*STEDI_MAX_OBJECT_BYTES"):
            list(parse(content, KEY, ACCELEROMETER_LANDING, 1000))


def test_batches_are_full_but_no_larger_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"\n".join([reading()] * 70_000 + [reading("é")] * 3 + [reading()] * 70_000)
    sizes = [batch.num_rows for batch in parse(text, KEY, ACCELEROMETER_LANDING, 100_000_000)]
    assert sum(sizes) == 140_003
    assert max(sizes) <= MAX_BATCH_ROWS
    assert len(sizes) <= 5
    monkeypatch.setattr(batches, "MAX_BATCH_BYTES", 1000)
    assert max(batch.num_rows for batch in parse(b"{}" * 5000, KEY, ACCELEROMETER_LANDING, LIMIT)) <= 1000


def test_shuffled_and_joined_files_give_the_same_rows() -> None:
    """faults.md, 9."""
    step = b'{"sensorReadingTime":%d,"serialNumber":"s-%d","distanceFromObject":%d}'
    written = [step % (AT + n, n % 7, n) for n in range(300)]

    def values(content: bytes) -> list[tuple[Any, ...]]:
        rows = rows_of(content, STEP_TRAINER_LANDING)
        return sorted((row["sensorreadingtime"], row["serialnumber"], row["distancefromobject"]) for row in rows)

    expected = values(b"\n".join(written))
    assert expected == [(AT + n, f"s-{n % 7}", n) for n in range(300)]
    assert values(b"".join(written)) == values(b",\r\n".join(reversed(written))) == expected
