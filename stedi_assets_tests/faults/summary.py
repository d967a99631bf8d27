"""A part of pytest's last words: the tables of faults and of load, of all processes that tested.

Here: pytest's hooks for that. Not here: what is counted (`table`).
"""

from typing import Any

import pytest

from stedi_assets_tests.faults.table import add, counted, told

_HANDED_ON = "faults"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process that tests for another one: hands over what it counted."""
    handed_on: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if handed_on is not None:
        handed_on[_HANDED_ON] = counted()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the one that they test for. One that died has nothing to hand over; pytest says so."""
    found = getattr(node, "workeroutput", {}).get(_HANDED_ON)
    if found:
        add(found)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints the tables; nothing fails by them, as the tests assert."""
    for line in told():
        terminalreporter.write_line(line)
