"""What is left between two records when those between them are taken out, so that the text stays as tidy as it was.

Here: joining the separators on both sides of what was taken out. Not here: what a separator is (`landing.split`), and
which records go (`raw_objects`). What a damaged text needs on top of tidiness is said in `raw_objects`.
"""

import re

_FIRST_BRACKET = re.compile(rb"[\[\]]")


class Separators:
    """The separators before records that are taken out, and, one record after the other, those behind them.

    Of both sides' brackets all stay, or an array would not close. Of the rest one side stays: a comma too many is no
    JSON. Next to an array's bracket, or to the end of the text, it is the side that was next to it before; between
    records it is the one that ends a line.
    """

    def __init__(self, before: bytes, is_begin: bool) -> None:
        self._is_begin = is_begin
        self._fixed: list[bytes] = []  # each ends with a bracket
        self._loose = b""  # what comes after the last of them
        self._append(before)

    def take_out(self, behind: bytes, is_end: bool) -> None:
        """Joins the separators behind the next record that is taken out. `is_end`: there is no record after it."""
        bracket = _FIRST_BRACKET.search(behind)
        head = behind[: bracket.start()] if bracket else behind
        follows_opening = self._fixed[-1].endswith(b"[") if self._fixed else self._is_begin
        precedes_closing = bracket[0] == b"]" if bracket else is_end
        if follows_opening and precedes_closing:
            kept = b""
        elif follows_opening:
            kept = self._loose
        elif precedes_closing:
            kept = head
        else:
            kept = head if b"\n" in head and b"\n" not in self._loose else self._loose
        self._loose = b""
        self._append(kept + behind[len(head) :])

    def joined(self) -> bytes:
        return b"".join(self._fixed) + self._loose

    def _append(self, separators: bytes) -> None:
        end = max(separators.rfind(b"["), separators.rfind(b"]")) + 1
        if end:
            self._fixed.append(separators[:end])
        self._loose = separators[end:]
