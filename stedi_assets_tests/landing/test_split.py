"""Taking a text apart: what objects come out, where they were, and that nothing is lost, doubled or made up."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stedi_assets.landing import objects, reasons
from stedi_assets.landing.objects import MAX_DEPTH, NumberText
from stedi_assets.landing.scan import Scan, scan_object
from stedi_assets.landing.split import Record, records
from stedi_assets_tests.support.documents import TEXTS, Document, documents

TOP_LEVEL = b" \t\r\n,[]\xef\xbb\xbf"


def found(text: bytes) -> list[tuple[str, bytes]]:
    """Each record's reason ("" for an object) and its own bytes."""
    return [(record.reason or "", text[record.start : record.stop]) for record in records(text)]


def plain(value: object) -> object:
    """A decoded value as json gives it."""
    if isinstance(value, tuple):
        return {key: plain(inner) for key, inner in value}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return json.loads(value) if isinstance(value, NumberText) else value


@settings(max_examples=500, deadline=None)
@given(documents())
def test_objects_come_out_as_they_went_in(document: Document) -> None:
    split = list(records(document.text))
    assert [(record.start, record.stop) for record in split] == document.places
    assert [record.reason for record in split] == [None] * len(split)
    assert [plain(record.members) for record in split] == document.objects


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_every_byte_belongs_to_one_record_and_no_object_is_made_up(text: bytes) -> None:
    split = list(records(text))
    edges = [record.start for record in split] + [len(text)]
    assert not text[: edges[0]].strip(TOP_LEVEL)
    assert [record.next_start for record in split] == edges[1:]
    for record in split:
        assert record.start < record.stop <= record.next_start
        raw = text[record.start : record.stop]
        if record.reason in {None, reasons.NOT_UTF8}:
            assert isinstance(json.loads(raw.decode("latin-1")), dict)
        if record.reason != reasons.DAMAGED:
            assert not text[record.stop : record.next_start].strip(TOP_LEVEL)


@settings(max_examples=200, deadline=None)
@given(documents(min_size=1), st.data())
def test_a_cut_in_the_last_object_keeps_the_others(document: Document, data: st.DataObject) -> None:
    begin, end = document.places[-1]
    cut = document.text[: data.draw(st.integers(begin, end - 1))]
    split = list(records(cut))
    others = document.places[:-1]
    assert [(record.start, record.stop) for record in split[: len(others)]] == others
    assert len(cut) == begin or split[len(others)].reason == reasons.DAMAGED


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_the_scan_takes_what_json_takes(text: bytes) -> None:
    latin = text.decode("latin-1")
    for brace in (place for place, sign in enumerate(latin) if sign == "{"):
        try:
            expected = json.JSONDecoder().raw_decode(latin, brace)[1]
        except json.JSONDecodeError:
            expected = None
        scan = scan_object(latin, brace)
        assert (scan.stop if scan.is_whole else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b" \t\r\n,[]\xef\xbb\xbf\n", []),
        (b'{"a":1}{"b":2}', [("", b'{"a":1}'), ("", b'{"b":2}')]),
        (b'[{"a":"x}{y"},\r\n{"a":"\\"}{"}]', [("", b'{"a":"x}{y"}'), ("", b'{"a":"\\"}{"}')]),
        (
            b'null 1 "x"{}',
            [("not_an_object", b"null"), ("not_an_object", b"1"), ("not_an_object", b'"x"'), ("", b"{}")],
        ),
        (b"-Infinity\xef\xbb\xbfNaN", [("not_an_object", b"-Infinity"), ("not_an_object", b"NaN")]),
        (b"nullx{}", [("damaged", b"nullx"), ("", b"{}")]),
        (b"01", [("damaged", b"01")]),
        (b'{"a":1}} {"b":2}', [("", b'{"a":1}'), ("damaged", b"}"), ("", b'{"b":2}')]),
        (b'{"u":"a","ti{"u":"b"}', [("damaged", b'{"u":"a","ti'), ("", b'{"u":"b"}')]),
        (b'{"u":"a","t":16{"u":"b"}', [("damaged", b'{"u":"a","t":16'), ("", b'{"u":"b"}')]),
        # What may be nested in what is damaged is no object of its own, unless its line begins with it.
        (b'{"a":{"u":"b"} x', [("damaged", b'{"a":{"u":"b"} x')]),
        (b'{"a":[1, {"u":"b"} x', [("damaged", b'{"a":[1, {"u":"b"} x')]),
        (b'{"a":\n {"u":"b"} x', [("damaged", b'{"a":\n {"u":"b"} x')]),
        (b'{"a":tru},\n{"u":"b"}', [("damaged", b'{"a":tru},'), ("", b'{"u":"b"}')]),
        (b'{"a":"\xff"}', [("not_utf8", b'{"a":"\xff"}')]),
        (b'{"a":"\xed\xa0\x80"}{}', [("not_utf8", b'{"a":"\xed\xa0\x80"}'), ("", b"{}")]),
        (b'{"a":"b\nc"}', [("damaged", b'{"a":"b\nc"}')]),
    ],
)
def test_grammar(text: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert found(text) == expected


def test_numbers_of_any_length_and_objects_of_any_size_are_read() -> None:
    text = b'{"a":' + b"7" * 100_000 + b"}" + b'{"b":"' + b"x" * 100_000 + b'"}'
    assert [len(raw) for reason, raw in found(text) if not reason] == [100_006, 100_008]


@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH, 2_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b'{"a":', b"}"), (b"[", b"]")])
def test_deep_nesting_is_one_record(levels: int, opening: bytes, closing: bytes) -> None:
    deep = b'{"d":' + opening * levels + b"1" + closing * levels + b"}"
    expected = "" if levels + 1 <= MAX_DEPTH else reasons.TOO_DEEP
    assert found(deep + b"{}") == [(expected, deep), ("", b"{}")]
    assert found(deep[:-1]) == [("damaged", deep[:-1])]


@pytest.mark.parametrize("prefix", [b"", b'{"a":'])
@pytest.mark.parametrize(
    "unit",
    [
        *(b"{", b"{\n", b'{"', b'{"a":', b'{"a":\n', b'{"a":[[[', b'x{"":', b'{"a":"{}",', b'"a":1,', b"{}{", b'"{}'),
        *(
            b'{"a":[\n{"b":1},{"x":[',
            b'{"a":\n{"b":1},"c":{"x":\n{"d":1},"e":{"x":\n',
            b'{"a":"b{"a":"b',
            b"{   ",
            b'\\"',
        ),
        *(b'{"a":[1,"{","b":[{"c":"', b'{"a":"\\', b'{"a":"\\"', b'{"a":{"a":1},', b":{}", b"x    ", b'{"a":1}\nx\n'),
    ],
)
def test_no_text_takes_more_than_linear_time(unit: bytes, prefix: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    passed_over: list[int] = []

    def counting_scan(text: str, brace: int) -> Scan:
        scan = scan_object(text, brace)
        passed_over.append(scan.stop - brace)
        return scan

    monkeypatch.setattr(objects, "scan_object", counting_scan)
    text = (prefix + unit * (60_000 // len(unit)))[:60_000]
    last: Record | None = None
    for record in records(text):
        last = record
    assert last is not None
    assert last.next_start == len(text)
    # Each byte at most twice by attempts that fail (once as text of a string, once not), and once where it is whole.
    assert sum(passed_over) <= 3 * len(text)
    assert len(passed_over) <= len(text) // 2 + 2
