"""What tests of faults share: a lakehouse behind a faulty store, and the tables of faults and of load at their end."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stedi_assets_tests.faults.forked import Forked
from stedi_assets_tests.faults.proxy import Proxy
from stedi_assets_tests.faults.rounds import Rounds
from stedi_assets_tests.faults.table import KEPT_IN, keep, told
from stedi_assets_tests.lake import Lake


@pytest.fixture
def rounds(lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """A lakehouse that was never run."""
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")
    proxy = Proxy(lake.endpoints.s3_url, lake.endpoints.catalog_url)
    forked = Forked(tmp_path / "runs.log")
    yield Rounds(lake, proxy, forked)
    forked.close()
    proxy.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints the tables; nothing fails by them, as the tests assert. Where several processes test, one prints them."""
    if file := os.environ.get(KEPT_IN):
        keep(Path(file))
    else:
        for line in told():
            terminalreporter.write_line(line)
