"""The fast path: runs of lines that hold one flat object each are read without a Python step per line.

Here: which lines may be read that way. Not here: what they must look like (`shapes`), and everything else (`split`).

Why no line is read that the exact path would read otherwise. `run_at` is asked at positions where the tokenizer is at
top level and a record begins. The line from there to the next newline is an object and separators, and nothing else,
if a shape matches it; so the tokenizer takes that object, skips the separators, and is at top level at the begin of
the next line. If that line matches too, a record begins there, and so on, up to the first line that doesn't match:
there the run ends and the exact path goes on, record by record, until a record begins where a line does. So lines
inside a nested object, a string or a damaged stretch, however they look, are never at the begin of a run or in one.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stedi_assets.contracts.model import Contract
from stedi_assets.landing.fit import Fitter, read_columns
from stedi_assets.landing.shapes import Integers, Keys, LineBlock, Shape, ShapeRows, shape_keys

# How much of the text is looked at in one go: memory stays small, and a batch has at most WINDOW_LINES rows.
WINDOW_BYTES = 8 * 1024 * 1024
WINDOW_LINES = 65_536
# Below this many lines a run costs more than it saves.
SHORTEST_RUN = 32
# A window is sampled this often for shapes that aren't known yet, and a text has at most MOST_SHAPES of them.
SAMPLES = 16
MOST_SHAPES = 32


class Run(NamedTuple):
    """Adjacent lines that were read. starts: where each begins. stop: where the last one ends, after its newline."""

    starts: Integers
    stop: int
    columns: list[pa.Array]


class _Window(NamedTuple):
    """Some lines of a text: line i is from edges[i] to edges[i + 1].

    rows_before: how many lines before line i were read. unread: the lines that weren't, then the number of lines.
    """

    edges: Integers
    rows_before: Integers
    unread: Integers
    columns: list[pa.Array]


class LineReader:
    """Reads the runs of one text; learns the shapes of its lines on the way."""

    def __init__(self, text: bytes, contract: Contract) -> None:
        self._text = text
        self._buffer = pa.py_buffer(text)
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
        first = int(np.searchsorted(window.edges, position))
        if window.edges[first] != position:
            return None
        end = int(window.unread[np.searchsorted(window.unread, first)])
        if end - first < SHORTEST_RUN:
            return None
        row = int(window.rows_before[first])
        columns = [column.slice(row, end - first) for column in window.columns]
        return Run(window.edges[first:end], int(window.edges[end]), columns)

    def _window_at(self, position: int) -> _Window | None:
        """The lines from here on; None where there are too few, or too few of them can be read."""
        self._window_stop = min(position + WINDOW_BYTES, len(self._text))
        newlines = np.flatnonzero(self._bytes[position : self._window_stop] == ord("\n"))[:WINDOW_LINES]
        if len(newlines) < SHORTEST_RUN:
            return None
        # What comes after the last newline is looked at with the next window, or left to the exact path.
        block = LineBlock(self._buffer, np.concatenate(([0], newlines + 1)) + position)
        self._window_stop = int(block.edges[-1])
        rows = self._rows(block)
        if len(rows.lines) < SHORTEST_RUN:
            return None
        was_read = np.zeros(len(newlines), dtype=np.bool_)
        was_read[rows.lines] = True
        rows_before = np.concatenate(([0], np.cumsum(was_read)))
        unread = np.append(np.flatnonzero(~was_read), len(was_read))
        return _Window(block.edges, rows_before, unread, rows.columns)

    def _rows(self, block: LineBlock) -> ShapeRows:
        """The lines that some shape reads, ascending, and their columns. Learns shapes that are new."""
        found = [shape.read(block) for shape in self._shapes.values()]
        is_unread = np.ones(len(block.edges) - 1, dtype=np.bool_)
        for rows in found:
            is_unread[rows.lines] = False
        for sample in range(SAMPLES):
            unread = np.flatnonzero(is_unread)
            if len(unread) == 0 or len(self._shapes) == MOST_SHAPES:
                break
            # Spread over what is unread: dirt at the begin must not use up all samples.
            keys = shape_keys(block.line(unread[sample * len(unread) // SAMPLES]), self._fitter, self._columns)
            if keys is not None and keys not in self._shapes:
                self._shapes[keys] = Shape(self._columns, keys)
                found.append(self._shapes[keys].read(block))
                is_unread[found[-1].lines] = False
        found = [rows for rows in found if len(rows.lines)]
        if len(found) == 1:
            return found[0]
        if not found:
            return ShapeRows(np.empty(0, dtype=np.int64), [])
        lines = np.concatenate([rows.lines for rows in found])
        order = np.argsort(lines)
        by_column = zip(*(rows.columns for rows in found), strict=True)
        return ShapeRows(lines[order], [pa.concat_arrays(parts).take(pa.array(order)) for parts in by_column])
