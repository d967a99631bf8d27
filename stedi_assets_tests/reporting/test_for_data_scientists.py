"""The page for data scientists: each of its blocks is run on published tables, and what it says of snapshots is so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal  # type: ignore[import-untyped]

from stedi_assets.contracts import MACHINE_LEARNING_CURATED
from stedi_assets.documentation import FOR_DATA_SCIENTISTS, column_table, with_part
from stedi_assets.lakehouse.publication import UnknownSnapshotError
from stedi_assets.reading import spark_table, table
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.lake import TAKEN, Lake, bring, customer, motion, step

PAGE = FOR_DATA_SCIENTISTS.read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NAME = MACHINE_LEARNING_CURATED.table
NUMBERS = range(12)
# Twelve people who each take three steps, of whom two move at the same times, and two share a trainer.
CUSTOMERS = [customer(f"{i}@x.org", "s0" if i == 11 else f"s{i}") for i in NUMBERS]
_TIMES = [(i, TAKEN + 10_000 * (0 if i == 1 else i) + 1_000 * k) for i in NUMBERS for k in range(3)]
MOTIONS = [motion(f"{i}@x.org", taken, x=float(i)) for i, taken in _TIMES]
STEPS = [step("s0" if i == 11 else f"s{i}", taken, distance=200 + i) for i, taken in _TIMES]


@pytest.fixture
def published(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The twelve, published: with a fixed key, by which nine are in training and three in the test."""
    monkeypatch.setenv("STEDI_PSEUDONYM_SECRET", "a key that is the same whenever this is tested")
    bring(lake, tmp_path / "landing", CUSTOMERS, MOTIONS, STEPS)
    assert lake.run().success
    return lake


def in_order(frame: Any) -> Any:
    columns = list(MACHINE_LEARNING_CURATED.column_names)
    return frame[columns].sort_values(columns).reset_index(drop=True)


def test_the_blocks_run_in_order_and_a_snapshot_stays_what_it_was(
    published: Lake, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block, names)
    assert (len(names["training"]), len(names["in_polars"]), names["in_pyspark"].count()) == (42, 42, 42)
    assert names["by_subject"]["readings"].sum() == 42
    assert names["share_of_two_customers"] == pytest.approx(6 / 42), "the steps of 0 and 1 with the other's motions"
    assert names["own"]["subject_id"].nunique() == 10, "without the two who share a trainer"
    assert min(names["train"]["subject_id"].nunique(), names["test"]["subject_id"].nunique()) > 0
    assert len(names["train"]) + len(names["test"]) == len(names["own"]) == 30
    assert (tmp_path / "first-look.png").read_bytes().startswith(b"\x89PNG")
    assert names["made_with"]["stedi.consent"] == "published"

    first, before = names["snapshot"].snapshot_id, in_order(names["training"])
    bring(published, tmp_path / "landing", CUSTOMERS[1:], MOTIONS, STEPS)
    assert published.run().success
    assert len(table(NAME).to_arrow()) < 42
    assert_frame_equal(in_order(table(NAME, first).to_pandas()), before)
    assert_frame_equal(in_order(spark_table(NAME, first).toPandas()), before, check_dtype=False)
    assert as_of(home, f"{NAME}={first}") == 42
    assert as_of(home) == len(table(NAME).to_arrow())
    refused = command("stedi", "query", f"FROM {NAME}", "--as-of", f"{NAME}=7", home=home)
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        f"stedi: {NAME} has no snapshot 7; kept, the newest first: {published_id()}, {first}"
    )
    with pytest.raises(UnknownSnapshotError, match="has no snapshot 7"):
        table(NAME, 7)


def as_of(home: Path, *snapshots: str) -> int:
    """How many rows `stedi query` counts, of the snapshots that are asked for."""
    words = [word for snapshot in snapshots for word in ("--as-of", snapshot)]
    told = command("stedi", "query", f"SELECT count(*) AS n FROM {NAME}", *words, "--format", "json", home=home)
    assert told.returncode == 0, told.stderr
    return int(json.loads(told.stdout)[0]["n"])


def published_id() -> int:
    snapshot = table(NAME).snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id


def test_the_page_has_the_columns_of_the_contract() -> None:
    assert with_part(PAGE, "training columns", column_table(MACHINE_LEARNING_CURATED)) == PAGE
    stale = PAGE.replace("| `distancefromobject` | int | cm |", "| `distancefromobject` | int | mm |")
    assert with_part(stale, "training columns", column_table(MACHINE_LEARNING_CURATED)) == PAGE != stale


def test_each_reader_is_on_the_page_and_what_it_links_exists() -> None:
    text = "".join(BLOCKS)
    assert all(reader in text for reader in ("to_pandas()", "to_polars()", "to_duckdb(", "spark_table("))
    linked = [target for target in re.findall(r"\]\(([^)]+)\)", PAGE) if not target.startswith("https://")]
    assert linked
    assert all((FOR_DATA_SCIENTISTS.parent / target).exists() for target in linked)
