"""The parts of the documentation that are made from the product: tables between two marks of a page.

Here: what stands in them and putting it there (`make docs`). Not here: the pages' own words (docs/).
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from stedi_assets.contracts import CONTRACTS, MACHINE_LEARNING_CURATED, Contract

DOCS = Path(__file__).resolve().parent.parent / "docs"
PRIVACY, FOR_DATA_SCIENTISTS = DOCS / "privacy.md", DOCS / "for-data-scientists.md"
_COUNTED = tuple(contract.table for contract in CONTRACTS if contract.zone != "landing")


def policy_rows(counts: Mapping[tuple[str, str], Sequence[int]]) -> list[str]:
    """By policy of consent and of serials: rows of the five tables, and of the last those of one customer."""
    return [
        f"| `{consent}` | `{serials}` | " + " | ".join(f"{count:,}" for count in row) + " |"
        for (consent, serials), row in counts.items()
    ]


def policy_table(counts: Mapping[tuple[str, str], Sequence[int]]) -> list[str]:
    """The rows with their head."""
    names = ("--consent", "--serials", *_COUNTED, "same_customer")
    head = "| " + " | ".join(f"`{name}`" for name in names) + " |"
    return [head, "|---|---|" + "---:|" * (len(_COUNTED) + 1), *policy_rows(counts)]


def personal_table() -> list[str]:
    """Every column that identifies a person, from the contracts."""
    rows = [
        f"| `{contract.table}` | "
        + ", ".join(f"`{column.name}`" for column in contract.columns if column.personal)
        + " |"
        for contract in CONTRACTS
    ]
    return ["| table | personal columns |", "|---|---|", *rows]


def column_table(contract: Contract) -> list[str]:
    """The contract's columns, for those who read the table."""
    rows = [
        f"| `{column.name}` | {column.type} | {column.unit or ''} | {column.description} |"
        for column in contract.columns
    ]
    return ["| column | type | unit | what it is |", "|---|---|---|---|", *rows]


def with_part(page: str, name: str, lines: Sequence[str]) -> str:
    """The page with these lines between the marks of that name."""
    begin, end = f"<!-- {name}: made by `make docs` -->", f"<!-- {name}: end -->"
    found = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    if not found.search(page):
        raise ValueError(f"the page has no part {begin}")
    return found.sub(lambda _match: "\n".join([begin, *lines, end]), page)


def counts_of_policies() -> dict[tuple[str, str], list[int]]:
    """What each policy publishes from data/, by the real command in a home of its own."""
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        stedi = [sys.executable, "-m", "stedi_assets.cli.main"]
        try:
            for consent in ("published", "at-reading"):
                for serials in ("published", "unambiguous"):
                    report = Path(folder) / "report.json"
                    policy = ["--consent", consent, "--serials", serials]
                    subprocess.run([*stedi, "run", "--home", str(home), *policy, "--json", str(report)], check=True)
                    told = json.loads(report.read_text())
                    rows = [told["tables"][table]["rows"] for table in _COUNTED]
                    own = [c["metadata"]["actual"] for c in told["checks"] if c["check"] == "same_customer"]
                    counts[consent, serials] = [*rows, *own]
        finally:
            subprocess.run([*stedi, "down", "--home", str(home)], check=False)
    return counts


def main() -> None:
    """Writes the made parts of the pages anew."""
    columns = column_table(MACHINE_LEARNING_CURATED)
    FOR_DATA_SCIENTISTS.write_text(with_part(FOR_DATA_SCIENTISTS.read_text(), "training columns", columns))
    page = with_part(PRIVACY.read_text(), "personal columns", personal_table())
    PRIVACY.write_text(with_part(page, "policies", policy_table(counts_of_policies())))


if __name__ == "__main__":
    main()
