"""Landed objects without the erased: nothing of them is left, and all others' bytes and rows are as they were."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, STEP_TRAINER_LANDING, Contract
from stedi_assets.erasure.fields import byte_pieces, says_nothing
from stedi_assets.erasure.raw_objects import Rewritten, without_erased
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.erasure.traces import unpacked
from stedi_assets.landing.parse import parse
from stedi_assets.landing.split import records
from stedi_assets.landing.unpack import DamagedGzipError, ObjectTooLarge, unpack
from stedi_assets_tests.support.documents import MARK, lines_of_readings
from stedi_assets_tests.support.lake import customer, motion, step

LIMIT = 10_000_000
KEY = b"a key for the tests that is long enough"
_NOBODY = Suppression(KEY, frozenset(), frozenset(), frozenset())
ANN = Suppression(
    KEY,
    frozenset({_NOBODY.customer("ann@x.org")}),
    frozenset({_NOBODY.serial("s1")}),
    frozenset({_NOBODY.mention("Ann Smith"), _NOBODY.mention("s1")}),
)


def rewritten(text: bytes, contract: Contract = ACCELEROMETER_LANDING, suppression: Suppression = ANN) -> bytes:
    """The object afterwards, whether it was changed or not. Once more changes nothing."""
    found = without_erased(text, contract, suppression, LIMIT)
    content = found.content if found else text
    assert without_erased(content, contract, suppression, LIMIT) is None
    return content


def rows_of(content: bytes, contract: Contract = ACCELEROMETER_LANDING) -> list[dict[str, Any]]:
    """Rows and quarantined records, without where they stand."""
    found = [row for batch in parse(content, "k", contract, LIMIT) for row in batch.to_pylist()]
    return [
        {name: value for name, value in row.items() if name not in {"source_offset", "source_bytes"}} for row in found
    ]


A, B, C, D = (json.dumps(motion(f"{name}@x.org")).encode() for name in ("ann", "ben", "cid", "dan"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"%b\n%b\n%b\n" % (B, A, C), b"%b\n%b\n" % (B, C)),
        (b"%b\n%b\n%b\n" % (A, B, C), b"%b\n%b\n" % (B, C)),
        (b"%b\n%b\n%b\n" % (B, C, A), b"%b\n%b\n" % (B, C)),
        (b"%b\r\n%b\r\n%b" % (B, C, A), b"%b\r\n%b" % (B, C)),
        (b"%b\n%b\n" % (A, A), b""),
        (b"[%b,%b,%b]" % (A, B, C), b"[%b,%b]" % (B, C)),
        (b"[%b,%b,%b]" % (B, A, C), b"[%b,%b]" % (B, C)),
        (b"[%b,%b,%b]" % (B, C, A), b"[%b,%b]" % (B, C)),
        (b"[%b,%b,%b]" % (A, B, A), b"[%b]" % B),
        (b"[%b, %b]" % (A, A), b"[]"),
        (b"[\n  %b,\n  %b,\n  %b\n]\n" % (B, C, A), b"[\n  %b,\n  %b\n]\n" % (B, C)),
        (b"[\n  %b,\n  %b,\n  %b\n]\n" % (A, B, C), b"[\n  %b,\n  %b\n]\n" % (B, C)),
        (b"[%b]\n[%b]\n[%b]\n" % (B, A, C), b"[%b]\n[]\n[%b]\n" % (B, C)),
        (b"[%b]\n%b\n[%b]\n" % (B, A, C), b"[%b]\n[%b]\n" % (B, C)),
        (b"[[%b],%b]" % (B, A), b"[[%b]]" % B),
        (b"[%b,[%b]]" % (A, B), b"[[%b]]" % B),
        (b"[[%b],%b,[%b]]" % (B, A, C), b"[[%b],[%b]]" % (B, C)),
        (b"%b%b%b" % (B, A, C), B + C),
        (b"%b%b%b" % (A, B, A), B),
        (b"%b%b\n%b" % (B, A, C), b"%b\n%b" % (B, C)),
        (b"%b,%b,%b" % (B, C, A), b"%b,%b" % (B, C)),
        (b"%b,\n%b,\n%b,\n" % (B, C, A), b"%b,\n%b,\n" % (B, C)),
        (MARK + b"%b\n%b\n" % (A, B), MARK + b"%b\n" % B),
        (MARK + A, b""),
        (b"42%b7\n" % A, b"42\n7\n"),
        (b"42%b%b" % (A, B), b"42" + B),
        (b"42%b" % A, b"42"),
        (b"garbage\n%b\n%b\n" % (A, B), b"garbage\n%b\n" % B),
        (b"garbage%b,%b" % (A, B), b"garbage\n" + B),
        (b'{"a":\n%b%b' % (A, B), b'{"a":\n' + B),
        (b"%b\n%b" % (B, A[:40]), B),
        (b"%b\n%b" % (B, C[:40]), b"%b\n%b" % (B, C[:40])),
        (b"%b\n\x1f\x8bx" % A, b"\n\x1f\x8bx"),
        (b"", b""),
    ],
)
def test_the_text_stays_as_tidy_as_it_was(text: bytes, expected: bytes) -> None:
    assert rewritten(text) == expected
    assert unpack(rewritten(gzip.compress(text)), LIMIT) == expected


def test_what_is_damaged_becomes_no_object_and_takes_in_no_row() -> None:
    """Not by what comes next to it when something was taken out."""
    for text in (
        b'{"a":\n%b\n%b}\n%b' % (A, B, C),
        b'{"a":\n%b\n%b\n}' % (B, A),
        b"garbage\n%b\n42\n[%b]" % (A, B),
        b'garbage%b"{}"[]\n[%b]' % (A, B),
        b"%b\x1f\x8b\n%b\n42\n[%b]" % (A, A, B),
        b'x {"a":[1\n%b\n%b]}' % (A, B),
        b'{"a":"\n%b\n%b"}' % (A, B),
        b'{"user":"eve","timestamp":1650000000000,"x":1,"y":1\n%b\n,"z":1}\n%b' % (A, B),
    ):
        expected = [row for row in rows_of(text) if row["user"] not in {None, "ann@x.org"}]
        content = rewritten(text)
        assert [row for row in rows_of(content) if row["user"]] == expected
        assert A not in content


def test_whoever_a_record_is_about_is_found_where_it_does_not_fit() -> None:
    misfit = motion("ann@x.org") | {"timestamp": "yesterday"}
    doubled = A[:-1] + b', "user": "other@x.org"}'
    escaped = json.dumps(misfit).replace("@", "\\u0040")
    for record in (json.dumps(misfit).encode(), doubled, escaped.encode(), A[:-1] + b', "x": "\xff"}', b'"ann@x.org"'):
        assert rewritten(b"%b\n%b\n" % (record, B)) == B + b"\n"
    person = customer("ann@x.org", "s9") | {"lastUpdateDate": None}
    assert rewritten(json.dumps(person).encode(), CUSTOMER_LANDING) == b""
    named = {"customerName": "ANN SMITH", "email": None}
    assert rewritten(json.dumps(named).encode(), CUSTOMER_LANDING) == b""
    reading = step("s1") | {"distanceFromObject": None}
    assert rewritten(json.dumps(reading).encode(), STEP_TRAINER_LANDING) == b""
    kept = json.dumps(customer("ben@x.org", "s1")).encode()
    assert rewritten(kept, CUSTOMER_LANDING) == kept


def test_damaged_gzip_stays_damaged_and_loses_the_erased_alone() -> None:
    def without(text: bytes) -> Rewritten | None:
        return without_erased(gzip.compress(text)[:-1], ACCELEROMETER_LANDING, ANN, LIMIT)

    assert without(b"%b\n%b\n" % (B, C)) is None
    assert without(b"%b\n" % A) == Rewritten(b"", 1)
    found = without(b"%b\n%b\n%b\n" % (B, A, C))
    assert found is not None
    with pytest.raises(DamagedGzipError):
        unpack(found.content, LIMIT)
    assert b"".join(unpacked(found.content)) == b"%b\n%b\n" % (B, C)
    assert without_erased(found.content, ACCELEROMETER_LANDING, ANN, LIMIT) is None


def test_of_a_damaged_stretch_only_what_is_the_erased_ones_goes() -> None:
    """Each record of it is damaged in the same way, so that nothing ends the stretch."""
    a, b, c = (record.replace(b"0.0", b"0.") for record in (A, B, C))
    assert len(rows_of(b"\n".join((b, a, c)))) == 1
    for before, after in (
        (b"%b\n%b\n%b\n" % (b, a, c), b"%b\n%b\n" % (b, c)),
        (b"%b\n%b\n%b\n" % (a, b, c), b"%b\n%b\n" % (b, c)),
        (b"%b\n%b\n%b" % (b, c, a), b"%b\n%b\n" % (b, c)),
        (b"%b%b%b" % (b, a, c), b"%b\n%b" % (b, c)),
        (b"%b%b%b%b" % (b, a, a, C), b"%b\n%b" % (b, C)),
        (b"%b\n%b%b\n" % (a, b, A), b + b"\n"),
    ):
        assert rewritten(before) == after


def test_gzip_says_nothing_of_when_it_was_written() -> None:
    content = rewritten(gzip.compress(A + B))
    assert content == rewritten(gzip.compress(A) + gzip.compress(B))
    assert content[4:8] == bytes(4)


def test_nothing_is_changed_without_need_and_too_large_an_object_is_refused() -> None:
    assert without_erased(B, ACCELEROMETER_LANDING, ANN, LIMIT) is None
    assert without_erased(A, ACCELEROMETER_LANDING, _NOBODY, LIMIT) is None
    with pytest.raises(ObjectTooLarge):
        without_erased(A, ACCELEROMETER_LANDING, ANN, 10)


PEOPLE = ("ann@x.org", "ANN@x.org ", "ben@x.org", "cid@x.org")
LAYOUTS = {
    "lines": (b"", b"\n", b"\n"),
    "no last line end": (b"", b"\n", b""),
    "CRLF": (b"", b"\r\n", b"\r\n"),
    "joined": (b"", b"", b""),
    "array": (b"[", b",", b"]"),
    "pretty array": (b"[\n  ", b",\n  ", b"\n]\n"),
    "commas": (b"", b",", b""),
    "arrays": (b"[", b"]\n[", b"]\n"),
}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), max_size=12),
    st.sampled_from(sorted(LAYOUTS)),
    st.booleans(),
)
def test_in_any_layout_exactly_the_others_rows_are_left(
    drawn: list[tuple[str, bool]], layout: str, is_gzip: bool
) -> None:
    begin, between, end = LAYOUTS[layout]
    written = [
        json.dumps(motion(user, x=float(n)) if fits else motion(user, x=float(n)) | {"timestamp": None}).encode()
        for n, (user, fits) in enumerate(drawn)
    ]
    is_ann = [user.strip().lower() == "ann@x.org" for user, _ in drawn]
    content = begin + between.join(written) + end
    found = without_erased(gzip.compress(content) if is_gzip else content, ACCELEROMETER_LANDING, ANN, LIMIT)
    if not any(is_ann):
        assert found is None
        return
    assert found is not None
    assert found.records == sum(is_ann)
    text = unpack(found.content, LIMIT)
    assert text == content or b"ann@x.org" not in text.lower()
    others = [record for record, ann in zip(written, is_ann, strict=True) if not ann]
    assert [text[record.start : record.stop] for record in records(text)] == others
    assert rows_of(found.content) == [row for row, ann in zip(rows_of(content), is_ann, strict=True) if not ann]
    if layout == "arrays":
        assert [json.loads(line) for line in text.splitlines()] == [
            [] if ann else [json.loads(w)] for w, ann in zip(written, is_ann, strict=True)
        ]
    elif "array" in layout:
        assert json.loads(text) == [json.loads(record) for record in others]
    elif "line" in layout or layout == "CRLF":
        assert [json.loads(line) for line in text.splitlines()] == [json.loads(record) for record in others]


ODD_SUPPRESSION = Suppression(
    KEY, frozenset({_NOBODY.customer("a@x"), _NOBODY.customer("d")}), frozenset(), frozenset()
)


@settings(max_examples=250, deadline=None)
@given(lines_of_readings(), st.sampled_from([1, 1, 1, 60]))
def test_in_damaged_text_the_others_rows_are_left_and_no_byte_of_theirs_is_lost(content: bytes, times: int) -> None:
    content *= times  # many lines are read another way
    before = rows_of(content)
    found = without_erased(content, ACCELEROMETER_LANDING, ODD_SUPPRESSION, LIMIT)
    text = found.content if found else content
    kept = [row for row in before if row["user"] and row["user"].strip().lower() not in {"a@x", "d"}]
    after = rows_of(text)
    assert [row for row in after if row["user"]] == kept
    position = 0
    taken = 0
    for row, record in zip(before, records(content), strict=True):
        parts = byte_pieces(content[record.start : record.stop])
        is_own = [row["user"] is not None and row not in kept] * len(parts)
        if row["raw"] is not None:
            texts = [part.decode("utf-8", "backslashreplace") for part in parts]
            is_own = ODD_SUPPRESSION.own_pieces(texts, ACCELEROMETER_LANDING)
        stays = [part for part, own in zip(parts, is_own, strict=True) if not own]
        for part in (part.strip(b" \t\r\n,[]") for part in stays):
            position = text.index(part, position) + len(part)
        is_gone = says_nothing(b"".join(stays).decode("latin-1"))
        taken += 1 if is_gone and any(is_own) else sum(is_own)
    assert taken == (found.records if found else 0)
