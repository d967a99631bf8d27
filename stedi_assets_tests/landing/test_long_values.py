"""A value longer than STEDI_MAX_VALUE_BYTES: its record is quarantined with the reason, by both paths, and counted."""

import json
import re
from typing import Any

import pyarrow as pa
import pytest

from stedi_assets.building.ingestion import rules_of_source
from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, Contract
from stedi_assets.erasure.suppression import NOBODY
from stedi_assets.landing import reasons, runs
from stedi_assets.landing.census import census
from stedi_assets.landing.parse import parse
from stedi_assets.settings import Settings
from stedi_assets.transforms import landing
from stedi_assets_tests.erasure.test_raw_objects import ANN
from stedi_assets_tests.support.commands import REPOSITORY

AT = 1_655_564_444_103
LIMIT = 100_000_000
LONGEST = 1000


def reading(user: str = "a@x", **changed: Any) -> bytes:
    members = {"user": user, "timestamp": AT, "x": 1.0, "y": -1.0, "z": 0.0} | changed
    return json.dumps(members, ensure_ascii=False).encode()


def judged(content: bytes, contract: Contract = ACCELEROMETER_LANDING, longest: int = LONGEST) -> list[str]:
    """Return what becomes of each record: "row", or the reason and field. Both counts have to agree."""
    rows = pa.Table.from_batches(parse(content, "k", contract, LIMIT, longest)).to_pylist()
    counted = census(content, LIMIT)
    assert len(rows) == counted.objects
    assert sum(row["source_bytes"] for row in rows) == counted.text_bytes == len(content)
    return [f"{row['reason']}:{row['field']}" if row["reason"] else "row" for row in rows]


@pytest.mark.parametrize("fewest_pieces", [1, 10**9], ids=["fast path", "exact path"])
@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (reading("a" * LONGEST), "row"),
        (reading("a" * (LONGEST + 1)), "too_long:user"),
        (reading("é" * (LONGEST // 2)), "row"),
        (reading("é" * (LONGEST // 2 + 1)), "too_long:user"),
        (json.dumps({"user": "é" * (LONGEST // 2), "timestamp": AT, "x": 1, "y": 1, "z": 1}).encode(), "row"),
        (reading(x=0.5).replace(b"0.5", b"0." + b"5" * LONGEST), "too_long:x"),
        (reading(timestamp="7" * (LONGEST + 1)), "too_long:timestamp"),
        (reading("a" * (LONGEST + 1), x="b" * (LONGEST + 1)), "too_long:user"),
        (reading(" ", x="b" * (LONGEST + 1)), "too_long:x"),
        (reading(USER="b" * (LONGEST + 1)), "too_long:user"),
        (reading(other="b" * 5 * LONGEST), "row"),
    ],
)
def test_a_value_that_is_too_long_is_told_by_its_bytes(
    monkeypatch: pytest.MonkeyPatch, fewest_pieces: int, record: bytes, expected: str
) -> None:
    monkeypatch.setattr(runs, "FEWEST_PIECES", fewest_pieces)
    assert judged(b"\n".join([reading(), record, reading("b@x"), record])) == ["row", expected, "row", expected]


def test_a_lone_surrogate_in_a_long_value_harms_nothing() -> None:
    assert judged(reading("a" * (LONGEST + 1)).replace(b"aaa", b"\\ud800", 1)) == ["too_long:user"]


def test_by_default_it_is_64_kib() -> None:
    longest = Settings.load({}).max_value_bytes
    assert longest == 65_536
    for size, expected in ((longest, "row"), (longest + 1, "too_long:email")):
        customer = json.dumps({"email": "a" * size, "lastUpdateDate": AT}).encode()
        assert judged(customer, CUSTOMER_LANDING, longest) == [expected]


def test_another_bound_makes_the_landing_tables_anew() -> None:
    assert rules_of_source("s3://b/z", NOBODY, 65_536) != rules_of_source("s3://b/z", NOBODY, 65_537)


def test_of_long_raw_text_the_beginning_is_kept_and_all_of_it_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "MAX_KEPT_CHARACTERS", 11)

    def dropped(content: bytes) -> list[tuple[str | None, str]]:
        (parsed,) = parse(content, "k", ACCELEROMETER_LANDING, LIMIT, LONGEST)
        fits, erased = parsed.column("reason").is_null(), ANN.erased_rows(parsed, ACCELEROMETER_LANDING)
        found = landing._dropped(parsed, fits, erased, "accelerometer", ACCELEROMETER_LANDING, ANN)
        return [(row["raw"], row["reason"]) for batch in found for row in batch.to_pylist()]

    long = reading("b" * (LONGEST + 1))
    assert dropped(long) == [(f'{{"user": "b [cut here: {len(long):,} bytes in all]', "too_long")]
    assert dropped(reading("ann@x.org", x="1" * (LONGEST + 1))) == [(None, "erased")]


def test_the_docs_have_every_reason() -> None:
    codes = {value for name, value in vars(reasons).items() if name.isupper()}
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    listed = page.partition("## Why a record is in quarantine")[2].partition("\n## ")[0]
    assert set(re.findall(r"^- `(\w+)`: ", listed, re.MULTILINE)) == codes
