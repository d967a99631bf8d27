"""What the tests of faults count: tries, what was lost, what was wrong, what nobody can explain; and what load took."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One fault, over all of its tries."""

    fault: str
    tries: int
    lost: int
    wrong: int
    unexplained: int


class Load(NamedTuple):
    """What was carried, how long that took, and the most memory that the processes had meanwhile."""

    load: str
    seconds: str
    peak_mib: str


_rows: dict[str, Row] = {}
_loads: list[Load] = []


def record(fault: str, tries: int, lost: int = 0, wrong: int = 0, unexplained: int = 0) -> None:
    """Adds to the row of a fault."""
    before = _rows.get(fault, Row(fault, 0, 0, 0, 0))
    _rows[fault] = Row(
        fault,
        before.tries + tries,
        before.lost + lost,
        before.wrong + wrong,
        before.unexplained + unexplained,
    )


def took(load: str, seconds: float, peak_bytes: int) -> None:
    """Adds a line on a load."""
    _loads.append(Load(load, f"{seconds:,.1f}", f"{peak_bytes / 2**20:,.0f}"))


def rows() -> list[Row]:
    return list(_rows.values())


def loads() -> list[Load]:
    return list(_loads)


def counted() -> dict[str, list[tuple[Any, ...]]]:
    """Both tables, as one process can hand them to another."""
    return {"rows": [tuple(row) for row in rows()], "loads": [tuple(load) for load in loads()]}


def add(found: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Adds what another process counted."""
    for row in found["rows"]:
        record(*row)
    _loads.extend(Load(*load) for load in found["loads"])


def told() -> list[str]:
    """Both tables, as far as there are any, line by line."""
    lines = []
    for names, found in ((Row._fields, rows()), (Load._fields, loads())):
        if found:
            lines += ["", *aligned([name.replace("_mib", " MiB") for name in names], found)]
    return lines


def aligned(names: Sequence[str], found: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table: words to the left, numbers, which all but the first column have, to the right."""
    cells = [list(names)] + [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in found]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]
