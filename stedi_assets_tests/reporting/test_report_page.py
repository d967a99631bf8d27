"""The page of `stedi report`: one file that needs nothing else, says what is published and nobody's data."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stedi_assets.audits import Verdict
from stedi_assets.contracts import CONTRACTS
from stedi_assets.insight.aggregates import Bins, Consent
from stedi_assets.insight.facts import Facts, Table
from stedi_assets.insight.funnel import Step
from stedi_assets.insight.page import age, page, percent
from stedi_assets.insight.published import Snapshot
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.frames import AS_OF_MS, PUBLISHED
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, TAKEN, lines, write_landing

LOADING = {"src", "href", "srcset", "data", "action", "xlink:href"}


class Read(HTMLParser):
    """What a page loads, its tags in order, and the text that people read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.unnamed: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.loads += [f"{tag} {name}" for name in given if name in LOADING]
        if tag == "th" and "scope" not in given:
            self.unnamed.append(tag)
        if tag in ("svg", "img") and "aria-hidden" not in given and "aria-label" not in given:
            self.unnamed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def facts(verdicts: list[Verdict], drops: dict[str, int] | None = None) -> Facts:
    """Tables of one row each, and what is given."""
    tables = [
        Table(
            Snapshot(contract, 7, AS_OF_MS, 1, 10, dict(PUBLISHED.facts)),
            [verdict for verdict in verdicts if verdict.table == contract.table],
        )
        for contract in CONTRACTS
    ]
    steps = [Step("customer_landing", "customer_trusted", 1 + sum((drops or {}).values()), 1, drops or {})]
    names = [f"{kind} readings that {what}" for kind in ("motion", "step") for what in ("landed", "are used")]
    return Facts(
        made_ms=AS_OF_MS,
        tables=tables,
        funnel=steps,
        consent=Consent(1, 0, 0, 1),
        quarantine={},
        readings=Bins(TAKEN, 1_000, {name: [1, 2] for name in names}),
        distance=Bins(0, 1, {"step readings": []}),
        movement=Bins(-1, 1, {axis: [1, 0, 3] for axis in "xyz"}),
    )


def verdict(check: str, passed: bool, severity: str = "ERROR") -> Verdict:
    return Verdict("customer_trusted", check, severity, passed, 0, 0 if passed else 5, {})  # type: ignore[arg-type]


def test_the_page_needs_nothing_but_itself() -> None:
    text = page(facts([verdict("grain", True)]))
    read = Read(text)
    assert read.loads == []
    assert {"script", "link", "iframe", "object", "embed", "base", "form"} & set(read.tags) == set()
    assert re.findall(r"https?://|url\(|@import", text) == []
    assert read.unnamed == []
    assert {"h1", "main", "table"} <= set(read.tags)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([verdict("grain", True)], "No blocking check failed"),
        ([verdict("grain", False)], "1 blocking check did not pass"),
        ([verdict("withdrawn_since", False, "WARN")], "1 warning deserves a look"),
    ],
)
def test_the_headline_says_how_things_are(verdicts: list[Verdict], said: str) -> None:
    assert said in Read(page(facts(verdicts))).text


def test_what_is_named_is_escaped() -> None:
    assert "<b>reason</b>" in Read(page(facts([], drops={"<b>reason</b>": 3}))).text


def test_shares_and_ages_are_not_rounded_to_what_is_not_true() -> None:
    assert [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]
    minute = 60_000
    assert [age(ms) for ms in (0, minute, 90 * minute, 49 * 60 * minute)] == [
        "just now",
        "1 minute ago",
        "1 hour ago",
        "2 days ago",
    ]


def test_the_command_writes_the_page_or_says_in_a_sentence_why_not(own_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    nowhere = command("stedi", "report", "--out", str(tmp_path / "missing" / "report.html"), home=own_home)
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (2, 1)
    assert "is no folder; name a file in one that exists" in nowhere.stderr
    never = command("stedi", "report", "--out", str(file), home=own_home)
    assert (never.returncode, never.stderr.count("\n"), file.exists()) == (2, 1, False)
    assert "customer_landing was never published; publish it first: stedi run" in never.stderr
    landing = write_landing(tmp_path / "landing", lines(CUSTOMERS), lines(MOTIONS), lines(STEPS))
    assert command("stedi", "run", "--landing", str(landing), home=own_home).returncode == 0
    file.write_text("what was there")
    written = command("stedi", "report", "--out", str(file), home=own_home)
    assert written.returncode == 0, written.stderr
    assert "9 tables, 104 of 105 checks hold, 1 to look at" in written.stdout
    read = Read(file.read_text())
    assert read.loads == []
    for said in ("Every blocking check passed", "embedded", "pairs two customers", "67 %", "of nobody"):
        assert said in read.text
    for contract in CONTRACTS:
        assert contract.table in read.text
    shown = file.read_text().lower()
    assert [word for word in ("@x.org", "canary", ">s1<", "landing/") if word in shown] == []
