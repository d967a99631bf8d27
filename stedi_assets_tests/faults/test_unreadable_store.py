"""The store's own files are damaged where an object of the landing zone is: a run sets the object aside."""

from pathlib import Path

import pytest

from stedi_assets_tests.faults.table import record
from stedi_assets_tests.lake import Lake
from stedi_assets_tests.test_unreadable_objects import delivery_of
from stedi_assets_tests.unreadable import CONTENT, is_set_aside_until_it_is_delivered_again, spoil_store

pytestmark = pytest.mark.faults(minutes=1)


def test_a_landed_object(lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    is_set_aside_until_it_is_delivered_again(
        lake, delivery_of(tmp_path), lambda _key: spoil_store(CONTENT), lambda: None
    )
    record("28: the store cannot return an object of the landing zone", tries=1)
