"""A thousand deliveries that went wrong, through the landing transform, against an independent tokenizer."""

import gzip
import random
import zlib
from collections import defaultdict
from typing import Any

from pyspark.sql import SparkSession

from stedi_assets.contracts import ACCELEROMETER_LANDING
from stedi_assets.erasure.suppression import NOBODY
from stedi_assets.transforms import landing
from stedi_assets_tests.faults.mutations import delivery
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.faults.tokenizer import Token, tokens
from stedi_assets_tests.lake import Lake

Deliveries = dict[str, tuple[bytes, set[bytes]]]
Found = dict[str, dict[int, list[Any]]]

DELIVERIES, LIMIT = 1_000, 10**7
REASONS = {"value": {"not_an_object"}, "damaged": {"damaged"}, "damaged_gzip": {"damaged_gzip"}}
TEXT_REASONS = {reason for found in REASONS.values() for reason in found}


def expected(content: bytes) -> list[Token]:
    if not content.startswith(b"\x1f\x8b"):
        return tokens(content)
    try:
        return tokens(gzip.decompress(content))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return [Token("damaged_gzip", 0, len(content), content)]


def is_wrong(token: Token, found: Any, whole: set[bytes]) -> bool:
    """Whether a record was judged, or kept, otherwise than its bytes ask."""
    if found.source_bytes != token.span:
        return True
    if token.kind != "object":
        raw = token.text.rstrip(b" \t\r\n").decode("utf-8", "backslashreplace")
        return found.reason not in REASONS[token.kind] or (token.kind != "damaged_gzip" and found.raw != raw)
    return found.reason in TEXT_REASONS or (token.text in whole and found.reason is not None)


def differences(deliveries: Deliveries, found: Found, counted: dict[str, int]) -> tuple[int, int, int, int]:
    """How many records are lost, invented and wrong, and how many objects the census counts otherwise."""
    lost = invented = wrong = miscounted = 0
    for key, (content, whole) in deliveries.items():
        wanted = {token.start: token for token in expected(content)}
        records = found.get(key, {})
        lost += len(wanted.keys() - records.keys())
        invented += sum(len(same) - (start in wanted) for start, same in records.items())
        wrong += sum(is_wrong(wanted[start], same[0], whole) for start, same in records.items() if start in wanted)
        miscounted += counted.get(key) != len(wanted)
    return lost, invented, wrong, miscounted


def test_nothing_is_lost_and_nothing_invented(lake: Lake, spark: SparkSession) -> None:
    draw = random.Random(20_230_328)
    deliveries = {f"{lake.zone.prefix}accelerometer/{n}.json": delivery(draw) for n in range(DELIVERIES)}
    for key, (content, _) in deliveries.items():
        lake.s3.put_object(Bucket=lake.zone.bucket, Key=key, Body=content)
    listed = landing.listing(spark, lake.zone.objects())
    rows = landing.landing_rows(listed, ACCELEROMETER_LANDING, LIMIT, NOBODY)
    findings = landing.examined(listed, rows, "accelerometer", ACCELEROMETER_LANDING, LIMIT, NOBODY)
    found: Found = defaultdict(lambda: defaultdict(list))
    for row in rows.selectExpr("*", "cast(null as string) AS reason").collect():
        found[row.source_object][row.source_offset].append(row)
    all_findings = findings.collect()
    for row in all_findings:
        if row.reason is not None:
            found[row.source_object][row.source_offset].append(row)
    counted = {row.source_object: row.objects for row in all_findings if row.objects is not None}

    lost, invented, wrong, miscounted = differences(deliveries, found, counted)
    record("1-7 mutated deliveries", DELIVERIES, lost, wrong, invented + miscounted)
    assert (lost, invented, wrong, miscounted) == (0, 0, 0, 0)
    key, offset = next((key, offset) for key, records in found.items() for offset in records)
    gone = found[key].pop(offset)
    assert differences(deliveries, found, counted) == (1, 0, 0, 0)
    found[key][offset] = gone * 2
    assert differences(deliveries, found, counted) == (0, 1, 0, 0)
    counted[key] += 1
    assert differences(deliveries, found, counted) == (0, 1, 0, 1)
