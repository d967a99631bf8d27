"""Writing to the terminal: tables and lines, plain where the output is none.

Only how things look; what is said is the commands' business.
"""

import sys
from collections.abc import Collection, Sequence


def print_line(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> None:
    """Columns under their names; those in `right` set to the right. Nothing is cut off."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    print_line(line(columns))
    print_line("  ".join("-" * width for width in widths))
    for row in rows:
        print_line(line(row))
