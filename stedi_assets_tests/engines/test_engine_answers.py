"""An answer of the engine that cannot be decoded: the step begins anew, and if it cannot be done, one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from stedi_assets.contracts import ACCELEROMETER_TRUSTED, CONTRACTS, CUSTOMER_LANDING
from stedi_assets_tests.support.lake import Lake, failure


class Undecoded:
    """Fails to decode the answers with these numbers, and decodes all others."""

    def __init__(self, numbers: range, decode: Callable[[bytes], Any]) -> None:
        self.numbers, self._decode = numbers, decode
        self.seen = 0

    def __call__(self, message: bytes) -> Any:
        self.seen += 1
        if self.seen in self.numbers:
            raise ValueError("no such message")
        return self._decode(message)


def undecoded(spark: SparkSession, patch: pytest.MonkeyPatch, numbers: range) -> Undecoded:
    """Of the next answers those with these numbers, counted from 1."""
    execute = spark.client._stub.ExecutePlan  # type: ignore[operator]
    plan = Undecoded(numbers, execute._response_deserializer)
    patch.setattr(execute, "_response_deserializer", plan)
    return plan


def test_a_step_whose_answer_is_lost_begins_anew(
    lake: Lake, landed: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        none = undecoded(spark, patch, range(0))
        assert lake.run().success
    rows = {contract.table: lake.rows(contract) for contract in CONTRACTS}
    for number in (5, none.seen // 2):
        with monkeypatch.context() as patch:
            plan = undecoded(spark, patch, range(number, number + 1))
            result = lake.run(full=True)
        assert result.success, failure(result)
        assert plan.seen > none.seen
        assert {contract.table: lake.rows(contract) for contract in CONTRACTS} == rows


def test_one_that_never_comes_ends_the_run_in_a_sentence(
    lake: Lake, landed: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake.run().success
    before = lake.snapshot(CUSTOMER_LANDING), lake.snapshot(ACCELEROMETER_TRUSTED)
    undecoded(spark, monkeypatch, range(1, 10_000))
    said = failure(lake.run(full=True))
    assert "an answer of the engine (embedded) could not be decoded, nor when all was done anew; what is " in said
    assert (lake.snapshot(CUSTOMER_LANDING), lake.snapshot(ACCELEROMETER_TRUSTED)) == before
