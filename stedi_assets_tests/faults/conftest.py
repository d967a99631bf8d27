"""The table of faults, at the end of a run that had some."""

from typing import Any

from stedi_assets_tests.faults.table import Row, rows


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints it; nothing fails by it, as the tests assert."""
    if found := rows():
        terminalreporter.section("faults")
        for row in (Row._fields, *found):
            terminalreporter.write_line(" | ".join(map(str, row)))
