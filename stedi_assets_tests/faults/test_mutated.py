"""A thousand deliveries that went wrong, against an independent tokenizer and typing rule: every record, every value.

Through the landing transform; twenty of them through the whole run.
"""

import gzip
import random
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pytest
from pyspark.sql import SparkSession

from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    SOURCES,
    Contract,
)
from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets_tests.faults.mutations import delivery
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.faults.tokenizer import Token, tokens
from stedi_assets_tests.faults.typing_rule import FIELDS, outcome
from stedi_assets_tests.support.lake import Lake, failure
from stedi_assets_tests.support.landed import rows_and_findings

Deliveries = dict[str, tuple[bytes, set[bytes]]]
Found = dict[str, dict[int, list[Mapping[str, Any]]]]

DELIVERIES, WHOLE_RUN = {"accelerometer": 600, "customer": 200, "step_trainer": 200}, 20
MOST_RAW = 1_000_000  # characters of a record that are kept
REASONS = {"value": "not_an_object", "damaged": "damaged", "damaged_gzip": "damaged_gzip"}


class Differences(NamedTuple):
    """Records that are lost, invented, or judged or kept otherwise; objects that the census counts otherwise."""

    lost: int = 0
    invented: int = 0
    wrong: int = 0
    miscounted: int = 0


def expected(content: bytes) -> list[Token]:
    if not content.startswith(b"\x1f\x8b"):
        return tokens(content)
    try:
        return tokens(gzip.decompress(content))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return [Token("damaged_gzip", 0, len(content), content)]


def order_of(contract: Contract) -> tuple[str, ...]:
    return tuple(name for name in contract.column_names if name in FIELDS[source_of(contract)])


def source_of(contract: Contract) -> str:
    return contract.table.removesuffix("_landing")


def is_wrong(token: Token, found: Mapping[str, Any], whole: set[bytes], contract: Contract) -> bool:
    """Whether a record was judged, or kept, otherwise than its bytes ask."""
    reason = found.get("reason")
    if token.kind == "object":
        asked = outcome(token.text, source_of(contract), order_of(contract))
        why = asked.why
    else:
        asked, why = None, REASONS[token.kind]
    if found["source_bytes"] != token.span or (token.text in whole and reason is not None):
        return True
    if ":".join(filter(None, (reason, found.get("field")))) != (why or ""):
        return True
    if asked is not None and why is None:
        values = {name: found[name] for name in asked.values}
        return repr(values) != repr(asked.values) or found["extra_fields"] != asked.extra
    raw = token.text.rstrip(b" \t\r\n").decode("utf-8", "backslashreplace")
    if len(raw) > MOST_RAW:
        raw = f"{raw[:MOST_RAW]} [cut here: {token.span:,} bytes in all]"
    return token.kind != "damaged_gzip" and found["raw"] != raw


def differences(deliveries: Deliveries, found: Found, counted: dict[str, int], contract: Contract) -> Differences:
    lost = invented = wrong = miscounted = 0
    for key, (content, whole) in deliveries.items():
        wanted = {token.start: token for token in expected(content)}
        records = found.get(key, {})
        lost += len(wanted.keys() - records.keys())
        invented += sum(len(same) - (start in wanted) for start, same in records.items())
        wrong += sum(is_wrong(wanted[n], same[0], whole, contract) for n, same in records.items() if n in wanted)
        miscounted += counted.get(key) != len(wanted)
    return Differences(lost, invented, wrong, miscounted)


def by_place(rows: Iterable[Mapping[str, Any]]) -> Found:
    found: Found = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row["source_object"]][row["source_offset"]].append(row)
    return found


def land(lake: Lake, source: str, count: int) -> Deliveries:
    draw = random.Random(20_230_328 + len(source))
    deliveries = {f"{lake.zone.prefix}{source}/{n}.json": delivery(draw, source) for n in range(count)}
    for key, (content, _) in deliveries.items():
        lake.s3.put_object(Bucket=lake.zone.bucket, Key=key, Body=content)
    return deliveries


@pytest.mark.parametrize("source", DELIVERIES)
def test_nothing_is_lost_nothing_invented_and_every_value_is_right(
    lake: Lake, spark: SparkSession, source: str
) -> None:
    contract, deliveries = SOURCES[source], land(lake, source, DELIVERIES[source])
    rows, findings = rows_and_findings(spark, lake.zone, source)
    quarantined = [row for row in findings if row["reason"] is not None]
    found = by_place([*rows, *quarantined])
    counted = {row["source_object"]: row["objects"] for row in findings if row["objects"] is not None}

    told = differences(deliveries, found, counted, contract)
    record("1-7 mutated deliveries", len(deliveries), told.lost, told.wrong, told.invented + told.miscounted)
    assert told == Differences()

    # What compares must see a row that is gone, one too many, a value that is another one, and a miscount.
    key, offset = next((key, n) for key, of in found.items() for n, (row, *_) in of.items() if "reason" not in row)
    one = {key: deliveries[key]}
    gone = found[key].pop(offset)
    assert differences(one, found, counted, contract) == Differences(lost=1)
    found[key][offset] = gone * 2
    assert differences(one, found, counted, contract) == Differences(invented=1)
    found[key][offset] = [{**gone[0], order_of(contract)[0]: "another"}]
    assert differences(one, found, counted, contract) == Differences(wrong=1)
    counted[key] += 1
    assert differences(one, found, counted, contract) == Differences(wrong=1, miscounted=1)


def test_twenty_of_them_through_the_whole_run(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    deliveries = {source: land(lake, source, WHOLE_RUN) for source in SOURCES}
    result = lake.run()
    assert result.success, failure(result)

    def read(contract: Contract) -> list[dict[str, Any]]:
        return [dict(zip(contract.column_names, row, strict=True)) for row in lake.rows(contract)]

    quarantine = read(LANDING_QUARANTINE)
    for source, contract in SOURCES.items():
        found = by_place([*read(contract), *(row for row in quarantine if row["source"] == source)])
        counted = {key: sum(map(len, of.values())) for key, of in found.items()}
        nothing = {key: 0 for key, (content, _) in deliveries[source].items() if not expected(content)}
        told = differences(deliveries[source], found, counted | nothing, contract)
        record("1-7 mutated deliveries, whole run", WHOLE_RUN, told.lost, told.wrong, told.invented)
        assert told == Differences()

    agreed = agreeing(read(SOURCES["customer"]))
    trusted = {customer_key_of(row["email"]) for row in read(CUSTOMER_TRUSTED)}
    readings = {
        (customer_key_of(row["user"]), *(row[name] + 0.0 for name in ("timestamp", "x", "y", "z")))
        for row in read(SOURCES["accelerometer"])
    }
    expected_readings = sorted(one for one in readings if one[0] in agreed)
    found_readings = sorted(
        (customer_key_of(row["user"]), *(row[name] + 0.0 for name in ("timestamp", "x", "y", "z")))
        for row in read(ACCELEROMETER_TRUSTED)
    )
    curated = {customer_key_of(row["email"]) for row in read(CUSTOMERS_CURATED)}
    assert agreed
    assert trusted == agreed
    assert expected_readings
    assert found_readings == expected_readings
    assert curated == {one[0] for one in expected_readings}


def agreeing(records: list[dict[str, Any]]) -> set[str]:
    """Customers whose newest records all agree, by then: consent dates of these deliveries are long ago or absent."""
    newest: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(records, key=lambda row: -int(row["lastupdatedate"])):
        of = newest[customer_key_of(row["email"])]
        if not of or of[0]["lastupdatedate"] == row["lastupdatedate"]:
            of.append(row)
    latest = 2_000_000_000_000
    return {who for who, of in newest.items() if all(0 < (r["sharewithresearchasofdate"] or 0) < latest for r in of)}
