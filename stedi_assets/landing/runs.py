"""The fast path: runs of flat objects, one directly after the other, are read without a Python step for each.

Here: which objects may be read that way. Not here: what they must look like (`shapes`), and everything else (`split`).

Why no object is read that the exact path would read otherwise. `run_at` is asked at positions where the tokenizer is
at top level and a record begins. The piece of text from there to the next brace, wherever that is, holds one object
and separators, and nothing else, if a shape matches it; so the tokenizer takes that object, skips the separators, and
is at that next brace, at top level, where a record begins again. If the piece from there to the brace after it matches
too, the same holds, and so on, up to the first piece that doesn't match: there the run ends and the exact path goes
on, record by record, until a record begins with a piece that does. So what is inside a nested object, a string or a
damaged stretch, however it looks, is never at the begin of a run or in one.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stedi_assets.contracts.model import Contract
from stedi_assets.landing.fit import Fitter, read_columns
from stedi_assets.landing.shapes import Integers, Keys, Pieces, Shape, ShapeRows, shape_keys

# How much of the text is looked at in one go: memory stays small, and a run has at most WINDOW_PIECES rows.
WINDOW_BYTES = 8 * 1024 * 1024
WINDOW_PIECES = 65_536
# Where there are fewer pieces, compiling the patterns costs more than they save.
FEWEST_PIECES = 256
# A window is sampled this often for shapes that aren't known yet, and a text has at most MOST_SHAPES of them.
SAMPLES = 16
MOST_SHAPES = 32


class Run(NamedTuple):
    """Adjacent objects that were read. starts: where each begins. stop: where the next record begins, or the end.

    columns: of a whole window of the text; the run's are from `first_row` on.
    """

    starts: Integers
    stop: int
    columns: list[pa.Array]
    first_row: int


class _Window(NamedTuple):
    """Some pieces of a text: piece i is from edges[i] to edges[i + 1].

    rows_before: how many pieces before piece i were read. runs: the first piece and the one after the last of each
    run; the last run first, since those that are passed are taken from the end.
    """

    edges: Integers
    rows_before: Integers
    runs: list[tuple[int, int]]
    columns: list[pa.Array]


class RunReader:
    """Reads the runs of one text; learns the shapes of its objects on the way.

    An object longer than a value may be is left to the exact path, which alone looks at the length of values.
    """

    def __init__(self, text: bytes, contract: Contract, max_value_bytes: int) -> None:
        self._max_value_bytes = max_value_bytes
        self._text = text
        self._bytes = np.frombuffer(text, dtype=np.uint8)
        self._fitter = Fitter(contract)
        self._columns = read_columns(contract)
        self._shapes: dict[Keys, Shape] = {}
        self._window: _Window | None = None
        self._window_stop = 0

    def run_at(self, position: int) -> Run | None:
        """The run that begins here, None where there is none. Positions ascend; at each one a record begins."""
        if position >= self._window_stop:
            self._window = self._window_at(position)
        window = self._window
        if window is None:
            return None
        while window.runs and position >= window.edges[window.runs[-1][1]]:
            window.runs.pop()
        if not window.runs or position < window.edges[window.runs[-1][0]]:
            return None
        first = int(np.searchsorted(window.edges, position))
        if window.edges[first] != position:
            return None
        end = window.runs[-1][1]
        return Run(window.edges[first:end], int(window.edges[end]), window.columns, int(window.rows_before[first]))

    def _window_at(self, position: int) -> _Window | None:
        """The pieces from here on; None where there are too few, or none of them can be read."""
        self._window_stop = min(position + WINDOW_BYTES, len(self._text))
        braces = np.flatnonzero(self._bytes[position : self._window_stop] == ord("{"))[: WINDOW_PIECES + 1] + position
        if len(braces) <= WINDOW_PIECES and self._window_stop == len(self._text):
            braces = np.append(braces, len(self._text))
        if len(braces) <= FEWEST_PIECES:
            return None
        pieces = Pieces(self._text, braces)
        self._window_stop = int(braces[-1])
        rows = self._rows(pieces)
        if not len(rows.pieces):
            return None
        was_read = np.zeros(len(braces) - 1, dtype=np.bool_)
        was_read[rows.pieces] = True
        rows_before = np.concatenate(([0], np.cumsum(was_read)))
        unread = np.flatnonzero(~was_read)
        firsts, ends = np.append(0, unread + 1), np.append(unread, len(was_read))
        is_run = ends > firsts
        found = zip(firsts[is_run].tolist(), ends[is_run].tolist(), strict=True)
        return _Window(braces, rows_before, list(found)[::-1], rows.columns)

    def _rows(self, pieces: Pieces) -> ShapeRows:
        """The pieces that some shape reads, ascending, and their columns. Learns shapes that are new."""
        unread = np.flatnonzero(np.diff(pieces.edges) <= self._max_value_bytes)
        found: list[ShapeRows] = []
        for shape in self._shapes.values():
            found.append(shape.read(pieces, unread))
            unread = np.setdiff1d(unread, found[-1].pieces, assume_unique=True)
        for sample in range(SAMPLES):
            if len(unread) == 0 or len(self._shapes) == MOST_SHAPES:
                break
            # Spread over what is unread: dirt at the begin must not use up all samples.
            keys = shape_keys(pieces.piece(unread[sample * len(unread) // SAMPLES]), self._fitter, self._columns)
            if keys is not None and keys not in self._shapes:
                self._shapes[keys] = Shape(self._columns, keys)
                found.append(self._shapes[keys].read(pieces, unread))
                unread = np.setdiff1d(unread, found[-1].pieces, assume_unique=True)
        found = [rows for rows in found if len(rows.pieces)]
        if len(found) == 1:
            return found[0]
        if not found:
            return ShapeRows(np.empty(0, dtype=np.int64), [])
        indexes = np.concatenate([rows.pieces for rows in found])
        order = np.argsort(indexes)
        by_column = zip(*(rows.columns for rows in found), strict=True)
        return ShapeRows(indexes[order], [pa.concat_arrays(parts).take(pa.array(order)) for parts in by_column])
