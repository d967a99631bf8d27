"""What the tests of faults count: tries, what was lost, what was wrong, what nobody can explain."""

from typing import NamedTuple


class Row(NamedTuple):
    """One fault, over all of its tries."""

    fault: str
    tries: int
    lost: int
    wrong: int
    unexplained: int


_rows: dict[str, Row] = {}


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


def rows() -> list[Row]:
    return list(_rows.values())
