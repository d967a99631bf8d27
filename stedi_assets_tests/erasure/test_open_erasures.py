"""An erasure reports success only when its content is in no file of the store; else it is open, and completed later."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stedi_assets.contracts import CUSTOMER_LANDING
from stedi_assets.doctor import home as home_findings
from stedi_assets.erasure.open_erasures import open_erasures
from stedi_assets.lakehouse.services import deleted_content, disk
from stedi_assets.settings import Settings
from stedi_assets_tests.support.lake import Lake, failure
from stedi_assets_tests.support.uploads import is_on_disk

ANN = b"ann@x.org"


@contextmanager
def obstacles(home: Path) -> Iterator[None]:
    """What keeps the store from rewriting its files: folders by the names that it writes to."""
    folders = [data.with_suffix(".cpd") for data in (home / "store").glob("*.dat")]
    for folder in folders:
        (folder / "full").mkdir(parents=True)
    yield
    for folder in folders:
        shutil.rmtree(folder)


def test_an_erasure_whose_content_is_left_is_open_until_the_next_run(
    lake: Lake, landed: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleted_content, "_ATTEMPTS", 1)
    assert lake.run().success
    request = lake.request("ann@x.org")
    with monkeypatch.context() as patch:
        patch.setattr(disk, "least_free", lambda _total: 2**62)
        assert "free some. Nothing was erased" in failure(lake.forget(request, rewrite_landing=True))
    assert len(lake.rows(CUSTOMER_LANDING, "email")) == 3
    with obstacles(home):
        said = failure(lake.forget(request, rewrite_landing=True))
        assert "deleted bytes in" in said
        assert "ann@" not in said
        assert lake.run().success, "it goes on with the tables"
        assert open_erasures(home) == [request]
        (found,) = home_findings.erasures(Settings.load())
        assert (found.state, found.found) == ("wrong", f"not finished: {request}")
        assert lake.registry.request(request).completed_ms is None
        assert is_on_disk(home, ANN)
        assert not (home / "erasures" / f"{request}.json").exists()
    assert lake.run().success
    assert open_erasures(home) == []
    assert lake.registry.request(request).completed_ms is not None
    assert not is_on_disk(home, ANN)
    receipt = json.loads((home / "erasures" / f"{request}.json").read_text())
    assert (receipt["customers"], receipt["tables"]["customer_trusted"]["rows_removed"]) == (1, 1)
