"""Two versions of a table compared row by row, whatever order they are in.

Only comparing; what is said of a difference names the table, how many rows, and the columns.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def differences(table: str, left: Rows, right: Rows, shown: int = 3) -> list[str]:
    """One line for each thing that differs; none where the tables are equal, rows counted."""
    columns = [sorted(rows[0]) if rows else [] for rows in (left, right)]
    if left and right and columns[0] != columns[1]:
        return [f"{table}: columns {sorted(set(columns[0]) ^ set(columns[1]))} are in one of the two alone"]
    names = columns[0] or columns[1]
    counts = [Counter(tuple(_exact(row[name]) for name in names) for row in rows) for rows in (left, right)]
    only = [sorted((counts[a] - counts[1 - a]).elements(), key=str) for a in (0, 1)]
    if not only[0] and not only[1]:
        return []
    said = [f"{table}: {len(only[0])} rows on the left and {len(only[1])} on the right have no equal"]
    for one, other in list(zip(*only, strict=False))[:shown]:
        differing = [name for name, a, b in zip(names, one, other, strict=True) if a != b]
        sides = [dict(zip(names, row, strict=True)) for row in (one, other)]
        said.append(f"{table}: in {', '.join(differing)}: {sides[0]} against {sides[1]}")
    return said


def _exact(value: Any) -> tuple[str, str]:
    """Two values are equal if they look the same: 0.0 is not -0.0, 1 is not True, and not a number is itself."""
    return type(value).__name__, repr(value)
