"""Texts that make a careless pattern backtrack or remember too much: read in linear time and bounded memory."""

import re
import time
import tracemalloc
from collections.abc import Callable

import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING
from stedi_assets.erasure.traces import traces
from stedi_assets.landing import scan
from stedi_assets.landing.census import census
from stedi_assets.landing.lexer import Lexer
from stedi_assets.landing.parse import parse
from stedi_assets.landing.split import records

LIMIT = 2**31
# Linear: at most some tenths of a second. Quadratic: many seconds. Exponential: never.
BYTES, SECONDS = 40_000, 2.0
# `re` keeps 170 bytes for each repetition of a group: without a limit these would be 85 for each byte of escapes.
BYTES_A_BYTE = 40

HEADS = (b"", b'{"a":')
UNITS = (
    *(b"\\n", b'\\"', b"\\\\", b"\\u00e9", b"\\u12", b"\\", b" ", b"\n", b"\t\n", b"\xef\xbb\xbf", b" \xef\xbb\xbf"),
    *(b"0", b"1", b"1.", b"1.1e1", b"-", b"1e", b"e1", b"true", b"NaN", b'"a":1,', b'"\\n":"\\n",', b"1,", b'"",'),
    *(b"x", b"x  ", b"{ ", b'"{', b'{"\\', b'{"\\n', b"a@", b"@a.", b".a", b"a@a.a", b"-.", b"a ", b"\\{"),
)


def read_exactly(text: bytes) -> None:
    for _ in records(text):
        pass


def count_by_lexer(text: bytes) -> None:
    lexer = Lexer(text)
    position = lexer.after_separators(0)
    while position < len(text):
        position = lexer.record_at(position)[1]


def search_for_traces(text: bytes) -> None:
    for _ in traces(text.decode("utf-8", "backslashreplace")):
        pass


READERS = (read_exactly, count_by_lexer, search_for_traces)


@pytest.mark.parametrize("unit", UNITS)
def test_every_reader_takes_linear_time(unit: bytes) -> None:
    for head in HEADS:
        text = head + unit * (BYTES // len(unit))
        begin = time.process_time()
        for read in READERS:
            read(text)
        counted = census(text, LIMIT)
        found = sum(batch.num_rows for batch in parse(text, "key", ACCELEROMETER_LANDING, LIMIT))
        assert counted.objects == found
        assert time.process_time() - begin < SECONDS, head


@pytest.mark.parametrize("escapes", [1, 99, 100, 101, 999, 1000, 1001, 5000])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_strings_of_many_escapes_are_read(escapes: int, is_damaged: bool) -> None:
    """Patterns take only so many escapes at a time; how many there are makes no difference."""
    string = b'"a' + b"\\n" * escapes + (b'\\x"' if is_damaged else b'"')
    whole = b"{" + string + b" : " + string + b',"c":[{' + string + b":1}]}"
    flat = b"{" + string + b":" + string + b"}"
    text = b"\n".join([whole, flat, string, b'{"cut":', flat, b'{"whole":1}'])
    found = [(record.reason, text[record.start : record.stop]) for record in records(text)]
    if is_damaged:
        assert found == [("damaged", text[: -len(b'\n{"whole":1}')]), (None, b'{"whole":1}')]
    else:
        expected = [(None, whole), (None, flat), ("not_an_object", string), ("damaged", b'{"cut":')]
        assert found == [*expected, (None, flat), (None, b'{"whole":1}')]
    assert census(text, LIMIT)[2:] == (int(not is_damaged), 1)
    assert census(text, LIMIT).objects == len(found)


@pytest.mark.parametrize("read", READERS)
def test_escapes_take_bounded_memory(read: Callable[[bytes], None]) -> None:
    assert peak(read, b'{"' + b"\\n" * 20_000) < BYTES_A_BYTE


def test_memory_that_is_not_bounded_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_ESCAPES", re.compile(scan._ESCAPES.pattern.replace("1000", "")))
    assert peak(read_exactly, b'{"' + b"\\n" * 100_000) > BYTES_A_BYTE


def peak(read: Callable[[bytes], None], text: bytes) -> float:
    """Return the most memory that the reader takes at a time, in bytes for each byte of the text."""
    tracemalloc.start()
    try:
        read(text)
        return tracemalloc.get_traced_memory()[1] / len(text)
    finally:
        tracemalloc.stop()
