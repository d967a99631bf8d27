"""Every object of every published version is deleted or damaged, one after the other.

Readers say so in one sentence or see the right rows; one command brings the counts back.
"""

from pathlib import Path

import pytest

from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.objects import get_object
from stedi_assets_tests.damaging import (
    DATA_FILE,
    MANIFEST,
    MANIFEST_LIST,
    METADATA,
    delete,
    flip,
    objects_of,
    readers,
    rows_of_all,
)
from stedi_assets_tests.faults.said import sentence
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import Lake, failure
from stedi_assets_tests.unreadable import spoil_store

pytestmark = pytest.mark.faults(minutes=8)

FAULT = "28: an object of a published version is deleted or damaged"
PLACES = (0.0, 0.2, 0.45, 0.7, 0.9, 1.0)


@pytest.mark.parametrize("kind", [METADATA, MANIFEST_LIST, MANIFEST, DATA_FILE])
def test_every_table(lake: Lake, landed: Path, tmp_path: Path, kind: str) -> None:
    assert lake.run().success
    rows = rows_of_all(lake)
    for number, contract in enumerate(CONTRACTS):
        if kind not in objects_of(lake.catalog.load_table(f"stedi.{contract.table}")):
            continue  # an empty table
        for place in (None, PLACES[number % len(PLACES)], PLACES[(number + 3) % len(PLACES)]):
            uri = objects_of(lake.catalog.load_table(f"stedi.{contract.table}"))[kind]
            if place is None:
                delete(lake, uri)
            else:
                flip(lake, uri, place)
            told = {name: said(read) for name, read in readers(lake, contract, tmp_path).items()}
            wrong = [one for one in told.values() if one and not is_the_sentence(one, contract.table)]
            if place is None and kind != METADATA:
                wrong += [name for name, one in told.items() if uri not in one]
            result = lake.run(full=True)
            lost = not result.success or rows_of_all(lake) != rows
            record(FAULT, tries=1, lost=lost, wrong=bool(wrong))
            assert not wrong, (contract.table, kind, place, told)
            assert not lost, (contract.table, kind, place, failure(result) if not result.success else rows_of_all(lake))
    result = lake.run()
    assert result.success, failure(result)


def test_the_store_cannot_return_a_data_file(lake: Lake, landed: Path) -> None:
    assert lake.run().success
    rows = rows_of_all(lake)
    uri = objects_of(lake.catalog.load_table("stedi.customer_trusted"))[DATA_FILE]
    assert spoil_store(get_object(lake.s3, uri) or b"")
    read = readers(lake, CONTRACTS[4], Path())["reading"]
    assert f"{uri} of its snapshot " in said(read)
    assert " cannot be read from the store; " in said(read)
    assert lake.run(full=True).success
    assert rows_of_all(lake) == rows
    assert len(lake.catalog.load_table("stedi.customer_trusted").snapshots()) == 1


def said(read: object) -> str:
    """The sentence of a reader's failure; "" where it reads."""
    assert callable(read)
    try:
        return sentence(read)
    except AssertionError:
        return ""


def is_the_sentence(text: str, table: str) -> bool:
    return text.startswith(f"{table} cannot be read: s3://") and "\n" not in text and text.endswith("stedi run --full")
