"""Whose a row or an unreadable record is, told by keyed hashes alone."""

import base64
import gzip
import json
import pickle
import time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, LANDING_QUARANTINE, STEP_TRAINER_LANDING
from stedi_assets.erasure import traces
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.keys import keyed_hash
from stedi_assets.landing.parse import parse

KEY = b"a key for the tests that is long enough"
NOBODY = Suppression(KEY, frozenset(), frozenset(), frozenset())


def suppression(customers: Any = (), serials: Any = (), mentions: Any = ()) -> Suppression:
    return Suppression(
        KEY,
        frozenset(map(NOBODY.customer, customers)),
        frozenset(map(NOBODY.serial, serials)),
        frozenset(map(NOBODY.mention, mentions)),
    )


ANN = suppression(["Ann@x.org"], ["s-1"], ["Ann Smith", "555-1234", "s-1"])


def raw_of(content: bytes) -> str:
    """The text in quarantine of an object that is one record which does not fit."""
    (row,) = [row for batch in parse(content, "k", ACCELEROMETER_LANDING, 10_000_000) for row in batch.to_pylist()]
    assert isinstance(row["raw"], str)
    return row["raw"]


def test_a_customer_is_one_however_the_address_is_written() -> None:
    assert NOBODY.customer(" ANN@x.org\t") == NOBODY.customer("ann@x.org") != NOBODY.customer("anna@x.org")
    assert NOBODY.mention("Ann Smith ") == NOBODY.mention("ann smith") != NOBODY.customer("ann smith")
    assert NOBODY.serial("s-1") not in {NOBODY.serial("S-1"), NOBODY.serial("s-1 "), NOBODY.mention("s-1")}


def test_nothing_of_a_person_or_the_key_is_shown_and_all_of_it_travels() -> None:
    assert "key" not in repr(ANN)
    assert not any(text in repr(ANN) for text in (KEY.decode(), repr(KEY), "x.org", "Smith", "555", "s-1"))
    assert pickle.loads(pickle.dumps(ANN)) == ANN


def test_rows_are_judged_by_address_and_only_without_one_by_serial() -> None:
    customers = pa.record_batch({"email": ["ANN@X.org ", "ben@x.org", None], "serialnumber": ["s-2", "s-1", "s-1"]})
    assert ANN.erased_rows(customers, CUSTOMER_LANDING).to_pylist() == [True, False, False]
    readings = pa.record_batch({"serialnumber": ["s-1", "S-1", None, "s-1"]})
    assert ANN.erased_rows(readings, STEP_TRAINER_LANDING).to_pylist() == [True, False, False, True]
    motions = pa.record_batch({"user": pa.array([None, None], pa.string())})
    assert ANN.erased_rows(motions, ACCELEROMETER_LANDING).to_pylist() == [False, False]


def test_rows_of_a_table_without_such_a_column_and_no_rows() -> None:
    anything = pa.record_batch({"raw": ["ann@x.org"]})
    for contract in (LANDING_QUARANTINE, CUSTOMER_LANDING):
        assert ANN.erased_rows(anything, contract).to_pylist() == [False]
    assert NOBODY.is_empty
    assert NOBODY.erased_rows(pa.record_batch({"user": ["ann@x.org"]}), ACCELEROMETER_LANDING).to_pylist() == [False]
    none = ANN.erased_rows(pa.record_batch({"user": pa.array([], pa.string())}), ACCELEROMETER_LANDING)
    assert (none.type, len(none)) == (pa.bool_(), 0)


EMAILS = st.sampled_from(["ann@x.org", " Ann@X.ORG", "ben@x.org", "", "é@x", None])


@given(st.lists(EMAILS), st.booleans(), st.integers(0, 3))
def test_each_distinct_value_is_hashed_once(users: list[str | None], is_encoded: bool, offset: int) -> None:
    column = pa.array(users, pa.string())
    batch = pa.record_batch({"user": column.dictionary_encode() if is_encoded else column}).slice(offset)
    hashed: list[str] = []

    def counted(key: bytes, domain: str, text: str) -> str:
        hashed.append(text)
        return keyed_hash(key, domain, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stedi_assets.erasure.suppression.keyed_hash", counted)
        found = ANN.erased_rows(batch, ACCELEROMETER_LANDING)
    assert found.null_count == 0
    assert found.to_pylist() == [user in {"ann@x.org", " Ann@X.ORG"} for user in users[offset:]]
    assert len(hashed) <= len({user for user in users if user is not None})


MENTIONS = [
    '{"user": "ann@x.org"',
    '{"user": "ANN@X.ORG ", "x": }',
    '{"email":"a@b","phone": 555-1234,',
    '{"phone":5551, "serialNumber":"s-1"',
    "s-1",
    'nn", "customerName": "Ann Smith", "x"',
    '"customerName": "Ann Smith',
    '"customerName": "ann  smith", "email": "Ann <ann@x.org>"',
    "user=ann@x.org;x=1",
    "{'name': 'Ann Smith', 'x': 1}",
    "Ann Smith,ben@x.org,1",
    "write to ann@x.org.",
    "(mailto:ann@x.org?subject=x)",
    r'{"user": "\u0061nn\u0040x.org", }',
    r'{\"user\": \"x\", \"name\": \"Ann Smith\"}',
    r'{"body": "{\"name\": \"\\u0041nn Smith\"}"',
    r'"{\\\"name\\\": \\\"\\\\u0041nn Smith\\\"}"',
    "call 555-1234 again",
    r'{"name":"Ann Smith\", "x"',
    r'\u0022Ann Smith\u0022',
    r'"user":"ann@x.org\xff"',
    "a\0n\0n\0@\0x\0.\0o\0r\0g\0",
    '"x":"ann@x.org\n"user',
    "ben@x.org@ann@x.org",
]  # fmt: skip


@pytest.mark.parametrize("raw", MENTIONS)
def test_what_gives_a_person_away_is_found_in_damaged_text(raw: str) -> None:
    assert ANN.mentioned_in(raw)
    assert not suppression(["ben@y.org"], ["s-2"], ["Ben Jones"]).mentioned_in(raw)
    assert not NOBODY.mentioned_in(raw)


@pytest.mark.parametrize(
    "raw",
    ["", '"', "\\", "{}", "joann@x.org", '"ann@x.org.uk"', "Joann Smithers", "1555-12345", "ss-1", "null", "@", "a@"],
)
def test_others_are_not_taken_for_the_person(raw: str) -> None:
    assert not ANN.mentioned_in(raw)


def test_names_beyond_ascii_however_they_are_written() -> None:
    zoe = suppression(["zoë@x.org"], [], ["Zoë 😀"])
    for raw in ('{"n":"ZOË 😀"', r'{"n":"Zo\u00eb \ud83d\ude00"', r'{"user":"zo\xeb@x.org"', "zoë@x.org"):
        assert zoe.mentioned_in(raw)
    assert not zoe.mentioned_in(r'{"n":"Zo\ud83d", "\ude00')
    assert not zoe.mentioned_in("\ud83d")


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.booleans(), st.data())
def test_any_value_of_a_cut_record_is_found(name: str, before: str, is_ascii: bool, data: st.DataObject) -> None:
    written = json.dumps({"x": before, "name": name, "y": {"z": 1.5}}, ensure_ascii=is_ascii)
    value = json.dumps(name, ensure_ascii=is_ascii)
    end = data.draw(st.integers(written.index(value, written.index('"name"')) + len(value) - 1, len(written)))
    if name.strip():
        assert suppression(mentions=[name]).mentioned_in(written[:end])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("\"\\{}[]:,@'u0041x. \n", max_size=60))
def test_no_text_is_too_odd_to_be_searched(raw: str) -> None:
    assert not suppression(["nobody@nowhere.example"], ["serial of nobody"], ["name of nobody"]).mentioned_in(raw)


@pytest.mark.parametrize(
    "piece", ['"', "\\", "{", '\\"', "a", "@", "a@", "=@", "a.", "@a.", "\\u00", "\\\\", "'", " ", '{"a":', "\0", "-"]
)
def test_hostile_text_takes_no_more_than_its_length(piece: str) -> None:
    raw = piece * (200_000 // len(piece))
    begin = time.perf_counter()
    assert not ANN.mentioned_in(raw)
    assert ANN.mentioned_in(raw + '"\n ann@x.org')
    assert time.perf_counter() - begin < 10


def test_long_text_is_searched_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "WINDOW_CHARACTERS", 50)
    monkeypatch.setattr(traces, "OVERLAP_CHARACTERS", 20)
    for length in range(120):
        raw = "." * length + ' "Ann Smith" ' + "." * 100
        assert ANN.mentioned_in(raw)
        assert ANN.mentioned_in_gzip(gzip.compress(raw.encode())[:-1])


def test_damaged_gzip_is_searched_as_far_as_it_unpacks() -> None:
    filler = base64.b85encode(bytes(n * n % 251 for n in range(60_000)))
    text = b'{"user":"ann@x.org"}\n' + filler
    packed = gzip.compress(text, mtime=0)
    broken = packed[: len(packed) // 2] + b"\xff" * 50 + packed[len(packed) // 2 :]
    second = gzip.compress(filler) + packed[:-4]
    for content in (packed[:-1], packed[: len(packed) // 2], packed[:80], broken, second, packed + b"x"):
        assert ANN.mentioned_in(raw_of(content))
        assert ANN.mentioned_in_gzip(content)
    assert ANN.mentioned_in(raw_of(gzip.compress(filler) + b'{"user":"ann@x.org"}'))
    assert not ANN.mentioned_in(raw_of(gzip.compress(filler)[:-1]))
    for odd in ("gzip, 3 bytes, in base64: ", "gzip, 3 bytes, in base64: H", "gzip, 3 bytes, in base64: H4sI=x"):
        assert not ANN.mentioned_in(odd)


def test_raw_text_of_long_gzip_is_cut_and_the_object_itself_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stedi_assets.landing.parse.MAX_RAW_GZIP_BYTES", 101)
    packed = gzip.compress(b'{"user":"ann@x.org"}\n' + b"x" * 50_000)[:-1]
    assert ANN.mentioned_in(raw_of(packed))
    late = gzip.compress(base64.b85encode(bytes(n * n % 251 for n in range(999))) + b'"ann@x.org"')[:-1]
    assert not ANN.mentioned_in(raw_of(late))
    assert ANN.mentioned_in_gzip(late)


def test_many_members_of_gzip_are_unpacked_in_time() -> None:
    begin = time.perf_counter()
    assert ANN.mentioned_in_gzip(b"".join([gzip.compress(b"x")] * 20_000 + [gzip.compress(b" ann@x.org")[:-1]]))
    assert time.perf_counter() - begin < 10
