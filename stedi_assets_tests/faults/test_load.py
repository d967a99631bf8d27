"""Load: many objects, many customers, a long history. Nothing falls over; time and memory are told at the end."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stedi_assets.contracts import ACCELEROMETER_LANDING, CONTRACTS, CUSTOMER_LANDING, CUSTOMER_TRUSTED, Contract
from stedi_assets.lakehouse.catalog import published_table
from stedi_assets.lakehouse.publication import OURS
from stedi_assets.upkeep.expiry import expire
from stedi_assets_tests.faults.peak import measured
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.lake import AGREED, CUSTOMERS, TAKEN, Lake, failure, motion

pytestmark = pytest.mark.faults

OBJECTS = 10_000
SNAPSHOTS = 500
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


@pytest.mark.faults(minutes=13)
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


def test_five_hundred_snapshots_of_history(lake: Lake, landed: Path, home: Path) -> None:
    """Of each table some, made by commits alone, with the facts that a publication leaves."""
    assert lake.run().success
    rows = {contract.table: len(lake.rows(contract)) for contract in CONTRACTS}
    with measured(f"{SNAPSHOTS} snapshots, making them", lake.endpoints.pid):
        for _ in range(SNAPSHOTS // len(CONTRACTS) + 1):
            for contract in CONTRACTS:
                _publish_again(lake, contract)
    kept = sum(len(table.snapshots()) for table in (published_table(lake.catalog, contract) for contract in CONTRACTS))
    assert kept >= SNAPSHOTS
    lake.put("accelerometer/delivery/d/new.json", json.dumps(motion("ann@x.org", TAKEN + 1)))
    with measured(f"{SNAPSHOTS} snapshots, a run", lake.endpoints.pid):
        result = lake.run()
    assert result.success, failure(result)
    found = {contract.table: len(lake.rows(contract)) for contract in CONTRACTS}
    wanted = rows | {name: rows[name] + 1 for name in ("accelerometer_landing", "accelerometer_trusted")}
    with measured(f"{SNAPSHOTS} snapshots, their history and upkeep", lake.endpoints.pid):
        told = command("stedi", "history", "accelerometer_trusted", home=home)
        for contract in CONTRACTS:
            expire(lake.catalog, contract, 10**14)
    record("load: a snapshot of 500", kept, lost=sum(abs(found[name] - wanted[name]) for name in wanted))
    assert found == wanted
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("\n") > SNAPSHOTS // len(CONTRACTS)
    assert {len(published_table(lake.catalog, contract).snapshots()) for contract in CONTRACTS} == {1}
    assert {contract.table: len(lake.rows(contract)) for contract in CONTRACTS} == wanted


def _publish_again(lake: Lake, contract: Contract) -> None:
    """One more snapshot, of the same rows."""
    own = {name: value for name, value in lake.published(contract).summary.items() if name.startswith(OURS)}
    transaction = published_table(lake.catalog, contract).transaction()
    with transaction.update_snapshot(snapshot_properties=own).fast_append():
        pass
    transaction.commit_transaction()


def _customer(n: int) -> str:
    agreed = f',"shareWithResearchAsOfDate":{AGREED}' if n % 2 == 0 else ""
    return f'{{"email":"c{n}@load.org","serialNumber":"n{n}","lastUpdateDate":{AGREED}{agreed}}}\n'
