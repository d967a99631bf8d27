"""The fast path: it reads what the exact one reads, and plain objects do take it."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, Contract
from stedi_assets.landing import runs
from stedi_assets.landing.parse import parse, parsed_schema
from stedi_assets.landing.runs import RunReader
from stedi_assets_tests.support.documents import ODD_LINES, PLAIN_LINES, READING, lines_of_customers, lines_of_readings

AT = 1_655_564_444_103
LIMIT = 10_000_000
NEVER = 1_000_000_000
NAMES = ("A B", "Zoë Núñez", "é")  # JSON escapes what is not ASCII


def table(content: bytes, contract: Contract, window: int, fewest_pieces: int) -> pa.Table:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "WINDOW_BYTES", window)
        patch.setattr(runs, "FEWEST_PIECES", fewest_pieces)
        return pa.Table.from_batches(parse(content, "key", contract, LIMIT), parsed_schema(contract)).combine_chunks()


def assert_both_paths_read_the_same(content: bytes, contract: Contract, window: int) -> None:
    fast = table(content, contract, window, fewest_pieces=1)
    exact = table(content, contract, window, fewest_pieces=NEVER)
    assert repr(fast.to_pylist()) == repr(exact.to_pylist())  # 0.0 and -0.0 are equal, but not the same


@settings(max_examples=500, deadline=None)
@given(lines_of_readings(), st.integers(1, 600))
def test_the_fast_path_reads_what_the_exact_one_reads(content: bytes, window: int) -> None:
    assert_both_paths_read_the_same(content, ACCELEROMETER_LANDING, window)


@pytest.mark.parametrize("plain", PLAIN_LINES)
def test_an_odd_line_among_plain_ones(plain: str) -> None:
    for odd in ODD_LINES:
        for newline in ("\n", "\r\n", ",\n"):
            content = newline.join([plain, plain, odd, plain, plain, odd, odd, plain]).encode("utf-8")
            assert_both_paths_read_the_same(content, ACCELEROMETER_LANDING, window=1000)


@settings(max_examples=150, deadline=None)
@given(lines_of_customers(), st.integers(1, 1500))
def test_the_fast_path_reads_customers_with_and_without_consents(content: bytes, window: int) -> None:
    assert_both_paths_read_the_same(content, CUSTOMER_LANDING, window)


@pytest.mark.parametrize("separator", [b"\n", b"\r\n", b",\n", b"", b"]\n["])
def test_plain_objects_take_the_fast_path(separator: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where consents come and go, whatever is between the objects; what is odd takes the exact path alone."""
    consents: list[dict[str, Any]] = [
        {},
        {"shareWithResearchAsOfDate": AT},
        {"shareWithPublicAsOfDate": None, "SHAREWITHFRIENDSASOFDATE": 0},
    ]
    customers = [
        json.dumps(
            {"customerName": NAMES[n % 3], "email": f"{n}@x", "lastUpdateDate": AT} | consents[n // 50 % 3]
        ).encode()
        for n in range(3000)
    ]
    readings = [READING.replace("a@", f"é{n}@" if n % 500 == 250 else f"{n}@").encode() for n in range(3000)]
    run_at = RunReader.run_at
    asked: list[bool] = []

    def counting(self: RunReader, position: int) -> Any:
        run = run_at(self, position)
        asked.append(run is not None)
        return run

    monkeypatch.setattr(RunReader, "run_at", counting)
    for contract, texts, exact in ((CUSTOMER_LANDING, customers, 0), (ACCELEROMETER_LANDING, readings, 6)):
        asked.clear()
        rows = pa.Table.from_batches(parse(separator.join(texts) + separator, "key", contract, LIMIT))
        assert rows["source_bytes"].to_pylist() == [len(text + separator) for text in texts]
        assert rows["reason"].null_count == 3000
        if contract is CUSTOMER_LANDING:
            assert rows["customername"].to_pylist() == [NAMES[n % 3] for n in range(3000)]
        assert asked.count(False) == exact
