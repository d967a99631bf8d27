"""Writing to the terminal: tables and lines, in colour on a terminal, plain where the output is none.

Only how things look; what is said is the commands' business.
"""

import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TextIO

Colour = Literal["red", "green", "yellow"]
_CODES: dict[Colour, str] = {"red": "31", "green": "32", "yellow": "33"}
_COLOURS = re.compile(rf"(\x1b\[(?:0|{'|'.join(_CODES.values())})m)")


def print_line(text: str) -> None:
    """One line on standard output, whatever is in the text; colours of `in_colour` stay."""
    parts = _COLOURS.split(text)
    sys.stdout.write("".join(part if _COLOURS.fullmatch(part) else printable(part) for part in parts) + "\n")


def printable(text: str) -> str:
    """The text in one line that a terminal takes for nothing but text.

    Names of files and objects, and text of rows, are whatever somebody chose: an escape sequence in one would move the
    cursor, a newline would look like a line of ours. What is no visible character stands as Python would write it.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def in_colour(text: str, colour: Colour | None, stream: TextIO | None = None) -> str:
    """The text in a colour if the stream (standard output) is a terminal and NO_COLOR is unset; else as it is."""
    if not text or colour is None or not _shows_colours(stream or sys.stdout):
        return text
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def _shows_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[int] = (),
    colours: Mapping[tuple[int, int], Colour] | None = None,
) -> None:
    """Columns under their names; those in `right` set to the right. Nothing is cut off.

    colours: of cells, by row and column.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    columns = [printable(column) for column in columns]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]

    def line(cells: Sequence[str], row: int = -1) -> str:
        padded = []
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            blanks = " " * (width - len(cell))  # outside the colour, whose marks would count as width
            shown = in_colour(cell, (colours or {}).get((row, i)))
            padded.append(blanks + shown if i in right else shown + blanks)
        return "  ".join(padded).rstrip()

    print_line(line(columns))
    print_line("  ".join("-" * width for width in widths))
    for number, row in enumerate(rows):
        print_line(line(row, number))
