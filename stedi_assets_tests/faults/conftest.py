"""The tables of faults and of load, at the end of a run that had some."""

from typing import Any

from stedi_assets_tests.faults.table import Load, Row, aligned, loads, rows


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints them; nothing fails by it, as the tests assert."""
    for what, names, found in (("faults", Row._fields, rows()), ("load", Load._fields, loads())):
        if found:
            terminalreporter.section(what)
            for line in aligned([name.replace("_mib", " MiB") for name in names], found):
                terminalreporter.write_line(line)
