"""The census: a second tokenizer that agrees with the first, on everything that hypothesis can think of."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stedi_assets.contracts import ACCELEROMETER_LANDING
from stedi_assets.landing import census as module
from stedi_assets.landing import reasons
from stedi_assets.landing.census import Census, ObjectTooLarge, census
from stedi_assets.landing.lexer import Lexer
from stedi_assets.landing.parse import parse
from stedi_assets.landing.split import records
from stedi_assets_tests.support.documents import TEXTS, lines_of_customers, lines_of_readings

LIMIT = 1_000_000


@settings(max_examples=700, deadline=None)
@given(st.one_of(TEXTS, lines_of_readings(), lines_of_customers()), st.integers(1, 400))
def test_census_agrees_with_split(text: bytes, window: int) -> None:
    split = list(records(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WINDOW_BYTES", window)
        counted = census(text, LIMIT)
    assert counted == Census(
        objects=len(split),
        text_bytes=len(text),
        others=sum(record.reason == reasons.NOT_AN_OBJECT for record in split),
        damaged=sum(record.reason == reasons.DAMAGED for record in split),
    )


@settings(max_examples=300, deadline=None)
@given(st.one_of(TEXTS, lines_of_readings()))
def test_the_lexer_finds_the_same_records_in_the_same_places(text: bytes) -> None:
    lexer = Lexer(text)
    found = []
    position = lexer.after_separators(0)
    while position < len(text):
        found.append(position)
        position = lexer.record_at(position)[1]
    assert found == [record.start for record in records(text)]


@settings(max_examples=100, deadline=None)
@given(lines_of_readings(), st.booleans())
def test_census_accounts_for_what_parse_gives(text: bytes, packed: bool) -> None:
    content = gzip.compress(text) if packed else text
    counted = census(content, LIMIT)
    batches = list(parse(content, "key", ACCELEROMETER_LANDING, LIMIT))
    assert counted.objects == sum(batch.num_rows for batch in batches)
    accounted = sum(sum(batch.column("source_bytes").to_pylist()) for batch in batches)
    assert counted.text_bytes == len(text)
    assert accounted == (counted.text_bytes if counted.objects else 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Census(0, 0, 0, 0)),
        (b" \n[,]\n", Census(0, 6, 0, 0)),
        (b'{"a":1}\n{"b":{"c":2}}{}\n', Census(3, 24, 0, 0)),
        (b'{"a":1}\nnull\n{"b":', Census(3, 18, 1, 1)),
        (gzip.compress(b"{}\n{}", mtime=0), Census(2, 5, 0, 0)),
        (gzip.compress(b"{}\n{}", mtime=0)[:-1], Census(1, 24, 0, 1)),
        (b'{"a":' * 100_000, Census(1, 500_000, 0, 1)),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, Census(1, 600_001, 0, 0)),
    ],
)
def test_counts(content: bytes, expected: Census) -> None:
    assert census(content, LIMIT) == expected


@pytest.mark.parametrize("unit", [b'{"a":\n', b'{"a":[\n{"b":1},{"x":['])
def test_a_brace_that_was_shown_to_be_no_object_is_not_tried_again(
    unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each of these takes as many steps as there are bytes."""
    tried: list[int] = []
    nested_object_end = Lexer._nested_object_end

    def counting(self: Lexer, start: int) -> int | None:
        tried.append(start)
        return nested_object_end(self, start)

    monkeypatch.setattr(Lexer, "_nested_object_end", counting)
    assert census(unit * 1000, LIMIT).damaged >= 1
    assert len(tried) == 1


def test_too_large_an_object_is_refused() -> None:
    for content in (b"{}" * 6, gzip.compress(b"{}" * 6)):
        with pytest.raises(ObjectTooLarge, match="STEDI_MAX_OBJECT_BYTES"):
            census(content, 11)
        assert census(content, 12).objects == 6
