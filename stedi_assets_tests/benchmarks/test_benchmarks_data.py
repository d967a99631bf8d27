"""The data of the benchmarks: a delivery is of new people, with their readings."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data import data_of
from benchmarks.increment import write_delivery

pytestmark = pytest.mark.slow  # it measures the product, and tests nothing of it
SMALL = 0.01


@pytest.mark.parametrize(("scale", "customers"), [(SMALL, 1), (20, 191), (150, 1434)])
def test_a_delivery_is_of_new_people_with_their_readings(scale: float, customers: int, tmp_path: Path) -> None:
    """One in a hundred, and no reading of anybody else."""
    there = {line["email"] for line in records(data_of(min(scale, 1), tmp_path).folder / "customer")}
    files = write_delivery(tmp_path / "delivery", scale)
    people = records(files["customer"].parent)
    assert len({one["email"] for one in people} - there) == len(people) == customers
    assert {one["user"] for one in records(files["accelerometer"].parent)} <= {one["email"] for one in people}
    assert {one["serialNumber"] for one in records(files["step_trainer"].parent)} <= {
        one["serialNumber"] for one in people
    }


def test_each_delivery_is_of_people_of_its_own(tmp_path: Path) -> None:
    people = [records(write_delivery(tmp_path / str(n), 101, n)["customer"].parent) for n in range(3)]
    assert len({one["email"] for some in people for one in some}) == sum(len(some) for some in people)


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(folder.glob("*.json")) for line in file.read_text().splitlines()]
