"""What tests of faults share: a lakehouse behind a faulty store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stedi_assets_tests.faults.forked import Forked
from stedi_assets_tests.faults.proxy import Proxy
from stedi_assets_tests.faults.rounds import Rounds
from stedi_assets_tests.support.lake import Lake


@pytest.fixture
def rounds(lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """A lakehouse that was never run."""
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    proxy = Proxy(lake.endpoints.s3_url, lake.endpoints.catalog_url)
    forked = Forked(tmp_path / "runs.log")
    yield Rounds(lake, proxy, forked)
    forked.close()
    proxy.close()
