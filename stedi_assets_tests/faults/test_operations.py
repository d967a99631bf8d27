"""docs/operations.md is true: each message in it is said, by the product, of the failure that it stands for."""

import re
from pathlib import Path

import pytest

from stedi_assets_tests.commands import REPOSITORY
from stedi_assets_tests.faults import messages_commits, messages_home, messages_tables, messages_usage
from stedi_assets_tests.faults.said import Given, Provoke, fits
from stedi_assets_tests.faults.table import record

PAGE = (REPOSITORY / "docs" / "operations.md").read_text()
MESSAGES: dict[str, Provoke] = {
    **messages_home.MESSAGES,
    **messages_usage.MESSAGES,
    **messages_tables.MESSAGES,
    **messages_commits.MESSAGES,
}


def told_by_the_page() -> list[tuple[str, ...]]:
    """The rows of its tables of messages: message, meaning, remedy."""
    rows = [re.split(r" \| ", line.strip("| ")) for line in PAGE.splitlines() if line.startswith("| `")]
    return [(cells[0].strip("`"), *cells[1:]) for cells in rows]


def test_the_page_has_every_message_once_with_its_meaning_and_what_to_do() -> None:
    rows = told_by_the_page()
    assert sorted(row[0] for row in rows) == sorted(MESSAGES)
    assert [row for row in rows if len(row) != 3 or not all(row)] == []


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_page_is_said(
    message: str, request: pytest.FixtureRequest, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = MESSAGES[message](Given(request, own_home, tmp_path, monkeypatch))
    record("21: a failure is one message", tries=1, wrong=not fits(message, said))
    assert fits(message, said), said


def test_a_message_that_is_another_does_not_fit() -> None:
    assert fits(
        "port … cannot be used (…); name another", "port 3 cannot be used (address already in use); name another"
    )
    assert not fits("port … cannot be used (…)", "port 3 is taken (address already in use)")
    assert not fits("… is no folder", "x is no folder, and more")
