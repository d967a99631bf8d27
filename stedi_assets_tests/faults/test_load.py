"""Load: many objects, many customers, a long history. Nothing falls over; time and memory are told at the end."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, CUSTOMER_TRUSTED
from stedi_assets_tests.faults.peak import measured
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import AGREED, CUSTOMERS, TAKEN, Lake, failure, motion

pytestmark = pytest.mark.faults

OBJECTS = 10_000
CUSTOMERS_LANDED = 5_000_000
CUSTOMERS_PER_OBJECT = 250_000
TRUSTED = CUSTOMERS_LANDED // 2


def test_ten_thousand_objects_in_one_delivery(lake: Lake, landed: Path) -> None:
    def put(n: int) -> None:
        lake.put(f"accelerometer/delivery/d/{n}.json", json.dumps(motion("ann@x.org", TAKEN + n)))

    with ThreadPoolExecutor(8) as pool, measured(f"{OBJECTS:,} objects, putting them", lake.endpoints.pid):
        list(pool.map(put, range(OBJECTS)))
    with measured(f"{OBJECTS:,} objects, a run", lake.endpoints.pid):
        result = lake.run()
    assert result.success, failure(result)
    arrived = sum("/d/" in key for key in lake.rows(ACCELEROMETER_LANDING, "source_object"))
    record("load: an object of 10,000", OBJECTS, lost=OBJECTS - arrived)
    assert arrived == OBJECTS


def test_five_million_customers(lake: Lake, landed: Path) -> None:
    """Every other one agrees. Each has a record of its own; nobody's is mixed up."""
    for first in range(0, CUSTOMERS_LANDED, CUSTOMERS_PER_OBJECT):
        numbers = range(first, first + CUSTOMERS_PER_OBJECT)
        lake.put(f"customer/delivery/d/{first}.json", "".join(map(_customer, numbers)))
    with measured(f"{CUSTOMERS_LANDED:,} customers, a run", lake.endpoints.pid):
        result = lake.run()
    assert result.success, failure(result)
    found = (lake.published(CUSTOMER_LANDING).rows, lake.published(CUSTOMER_TRUSTED).rows)
    wanted = (CUSTOMERS_LANDED + len(CUSTOMERS), TRUSTED + 2)
    lost = sum(max(0, expected - rows) for expected, rows in zip(wanted, found, strict=True))
    record("load: a customer of 5,000,000", CUSTOMERS_LANDED, lost=lost)
    assert found == wanted


def _customer(n: int) -> str:
    agreed = f',"shareWithResearchAsOfDate":{AGREED}' if n % 2 == 0 else ""
    return f'{{"email":"c{n}@load.org","serialNumber":"n{n}","lastUpdateDate":{AGREED}{agreed}}}\n'
