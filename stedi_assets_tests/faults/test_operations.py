"""docs/operations.md is true and whole: each message in it is said, by the product, of the failure that it stands for;
and each error that the product's source has is one of them.
"""

import re
from pathlib import Path

import pytest

import stedi_assets
from stedi_assets_tests.commands import REPOSITORY
from stedi_assets_tests.faults import (
    messages_aws,
    messages_commands,
    messages_commits,
    messages_damage,
    messages_delivery,
    messages_home,
    messages_tables,
    messages_unreadable,
    messages_upkeep,
    messages_usage,
)
from stedi_assets_tests.faults.raised import Raised, raised, tells
from stedi_assets_tests.faults.said import Given, Provoke, fits
from stedi_assets_tests.faults.table import record

PAGE = (REPOSITORY / "docs" / "operations.md").read_text()
MESSAGES: dict[str, Provoke] = {
    **messages_home.MESSAGES,
    **messages_commits.MESSAGES,
    **messages_commands.MESSAGES,
    **messages_usage.MESSAGES,
    **messages_delivery.MESSAGES,
    **messages_damage.MESSAGES,
    **messages_unreadable.MESSAGES,
    **messages_tables.MESSAGES,
    **messages_upkeep.MESSAGES,
    **messages_aws.MESSAGES,
}
RAISED = raised(Path(stedi_assets.__file__).parent)
# Errors that no operator meets: why.
NO_OPERATORS = {
    Raised("documentation.py:with_part", "the page has no part …"): "of `make docs`, for who writes them",
    Raised("lakehouse/held.py:__call__", "… is closed"): "to a thread that nobody waits for",
    Raised("lakehouse/held.py:__call__", "… was released while it was written"): "to a thread that nobody waits for",
    Raised(
        "lakehouse/io_manager.py:handle_output",
        "… returned a …; a staged and audited table is expected: build the asset with table_asset",
    ): "for who writes an asset",
    Raised("lakehouse/objects.py:read_object", "unreachable: the last try returns or raises"): "never raised",
    Raised("lakehouse/rest_catalog.py:send", "unreachable: the last try returns or raises"): "never raised",
    Raised("landing/unpack.py:_gunzip", "gzip is cut"): "a reason in landing_quarantine",
    Raised("landing/unpack.py:_gunzip", "gzip is broken"): "a reason in landing_quarantine",
    Raised("landing/unpack.py:_gunzip", "… bytes that unpack to more than …"): "a part of another message",
    Raised("reading.py:_contract", "no table …; known: …"): "a KeyError of the Python API",
}
# What they say is why a table was built in full: a fact of its publication (stedi/built), and nothing failed.
NO_FAILURES = ("building/ground.py:", "transforms/increments.py:")
# Of these the page has more than the source: what stands for the words that are filled in.
FILLED_IN = {
    "what is published does not pass its checks, or passes by other numbers than it did: …. ": "what is published ",
    "not published: …. Failed: …. What readers see of them is unchanged": "FAILED  not published: …. Failed: …: …",
    "the bucket … in … is expected to answer; it …: see STEDI_BUCKET, STEDI_REGION, ": "…; it does not exist: …",
    "the bucket … in … is expected to answer; it did not (…): see STEDI_BUCKET, ": "…; it did not (…): …, and the",
    "Athena in …, workgroup …, …": "Athena in …, workgroup …, refused …; …",
    "… is no folder; a folder with … in it is expected": "… is no folder; a folder with customer, accelerometer, ",
}


def told_by_the_page() -> list[tuple[str, ...]]:
    """The rows of its tables of messages: message, meaning, remedy."""
    rows = [re.split(r" \| ", line.strip("| ")) for line in PAGE.splitlines() if line.startswith("| `")]
    return [(cells[0].strip("`"), *cells[1:]) for cells in rows]


def untold(errors: list[Raised], rows: list[str]) -> list[Raised]:
    """The errors that are in no row."""
    own = [
        re.sub(r"^(FAILED|REFUSED)  |^Invalid value for '\S+': | \(see stedi \w+ --help\)$", "", row) for row in rows
    ]
    own = [row for row in own if not row.startswith(("TO DO", "WARN"))]  # these are findings, and fit everything

    def is_told(error: Raised) -> bool:
        filled_in = any(
            error.words.startswith(words) and any(row.startswith(begin) for row in rows)
            for words, begin in FILLED_IN.items()
        )
        return filled_in or any(tells(row, error.words) for row in own)

    failures = [error for error in errors if not error.place.startswith(NO_FAILURES)]
    return [error for error in failures if error not in NO_OPERATORS and not is_told(error)]


def test_the_page_has_every_message_once_with_its_meaning_and_what_to_do() -> None:
    rows = told_by_the_page()
    assert sorted(row[0] for row in rows) == sorted(MESSAGES)
    assert [row for row in rows if len(row) != 3 or not all(row)] == []


def test_the_page_has_every_error_of_the_source() -> None:
    rows = [row[0] for row in told_by_the_page()]
    assert untold(RAISED, rows) == []
    assert set(NO_OPERATORS) <= set(RAISED)
    assert [words for words in FILLED_IN if not any(error.words.startswith(words) for error in RAISED)] == []


def test_an_error_that_the_page_lacks_is_noticed() -> None:
    rows = [row[0] for row in told_by_the_page()]
    assert len(RAISED) > 100
    for new in (
        "… was published by someone else while its columns were renamed; it was left as it is: run again",
        "… has no more than … rows; nothing was published: run again",
        "the landing zone … is read by another run; wait for it",
    ):
        assert untold([Raised("new.py:new", new)], rows)
    for row in ("port … cannot be used (…); name another: --port", "… has no older version than the current one; …"):
        assert untold(RAISED, [other for other in rows if other != row])


def test_errors_are_found_however_they_are_made(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "GONE = 'it is gone'\n"
        "def f(x):\n"
        "    wanted = f'{x} is wanted'\n"
        "    raise StoreError(f'{wanted}, and {x!r} ' 'was found')\n"
        "class G(RuntimeError):\n"
        "    def __init__(self, n):\n"
        "        super().__init__(f'{n:,} is too much')\n"
        "def h(self, told):\n"
        "    raise failure(GONE) from Failure(description='a' + told)\n"
        "    return ValueError(told)\n"
    )
    assert [error.words for error in raised(tmp_path)] == [
        "… is wanted, and … was found",
        "it is gone",
        "a…",
        "… is too much",
    ]


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
