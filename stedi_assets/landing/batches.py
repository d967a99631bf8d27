"""Lays records out as Arrow batches: rows read one by one and runs read at once, in the order of the text.

Here: the batches' schema, how large they get, what each record accounts for. Not here: finding records and reading
them (`split`, `runs`, `fit`), and why a record is in quarantine.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stedi_assets.contracts.model import Contract
from stedi_assets.contracts.provenance import EXTRA_FIELDS, SOURCE_BYTES, SOURCE_OBJECT, SOURCE_OFFSET
from stedi_assets.landing.fit import read_columns
from stedi_assets.landing.runs import Run
from stedi_assets.landing.shapes import ARROW_TYPES, Integers

MAX_BATCH_ROWS = 65_536
# A string column of one batch holds at most 2 GiB, and engines take batches into memory whole. Counted: bytes of text.
MAX_BATCH_BYTES = 64 * 1024 * 1024

_QUARANTINE_COLUMNS = ("reason", "field", "raw")


def parsed_schema(contract: Contract) -> pa.Schema:
    """The contract's columns in order, then reason, field and raw (strings). Every field is nullable."""
    columns = [(column.name, ARROW_TYPES[column.type]) for column in contract.columns]
    return pa.schema(columns + [(name, pa.string()) for name in _QUARANTINE_COLUMNS])


class Row(NamedTuple):
    """One record that was read by itself. `values`: of the columns that are read, empty where it doesn't fit."""

    values: list[object]
    extra_fields: str | None
    reason: str | None
    field: str | None
    raw: str | None


class Assembly:
    """The records of one object on their way into batches; each is added with the offset where it begins."""

    def __init__(self, contract: Contract, source_object: str) -> None:
        self._schema = parsed_schema(contract)
        self._read = read_columns(contract)
        self._source_object = source_object
        self._clear(begin=0)

    def _clear(self, begin: int) -> None:
        self._begin = begin  # up to here the text is accounted for
        self._count = 0
        self._rows: list[Row] = []
        self._row_offsets: list[int] = []
        self._runs: list[tuple[int, Run]] = []  # each with the number of single rows before it
        self._columns: list[pa.Array] | None = None  # what the runs are ranges of

    def has_room(self, run: Run | None, stop: int) -> bool:
        """Whether the batch can take this run, or one row, with text up to `stop`. An empty one always can."""
        rows = len(run.starts) if run else 1
        is_other_window = run is not None and self._columns is not None and self._columns is not run.columns
        fits = self._count + rows <= MAX_BATCH_ROWS and stop - self._begin <= MAX_BATCH_BYTES
        return not self._count or (fits and not is_other_window)

    def add_row(self, row: Row, offset: int) -> None:
        self._rows.append(row)
        self._row_offsets.append(offset)
        self._count += 1

    def add_run(self, run: Run) -> None:
        self._runs.append((len(self._rows), run))
        self._columns = run.columns
        self._count += len(run.starts)

    def batches(self, next_start: int) -> list[pa.RecordBatch]:
        """What was added since the last call, as one batch, or none; `next_start` is where the next record begins.

        A record accounts for what is from its begin to the next one's; the text's first also for what is before it.
        """
        if not self._count:
            return []
        order, offsets = self._in_order()
        begins = offsets.copy()
        begins[0] = self._begin
        named = dict(zip((column.name for column in self._read), self._values(order), strict=True))
        named[SOURCE_OBJECT.name] = pa.repeat(pa.scalar(self._source_object, pa.string()), self._count)
        named[SOURCE_OFFSET.name] = pa.array(offsets)
        named[SOURCE_BYTES.name] = pa.array(np.diff(begins, append=next_start))
        named |= self._notes(order)
        self._clear(begin=next_start)
        return [pa.RecordBatch.from_arrays([named[name] for name in self._schema.names], schema=self._schema)]

    def _in_order(self) -> tuple[Integers, Integers]:
        """For each record in the order of the text, where it is among the single rows and the runs' columns behind
        them, and its offset."""
        row_offsets = np.array(self._row_offsets, dtype=np.int64)
        places: list[Integers] = []
        offsets: list[Integers] = []
        begin = 0
        for end, run in [*self._runs, (len(self._rows), None)]:
            places.append(np.arange(begin, end))
            offsets.append(row_offsets[begin:end])
            begin = end
            if run is not None:
                first = len(self._rows) + run.first_row
                places.append(np.arange(first, first + len(run.starts)))
                offsets.append(run.starts)
        return np.concatenate(places), np.concatenate(offsets)

    def _values(self, order: Integers) -> list[pa.Array]:
        """The columns that are read from JSON."""
        if self._columns is not None and not self._rows and len(self._runs) == 1:
            return [column.slice(int(order[0]), self._count) for column in self._columns]
        nothing: list[object] = [None] * len(self._read)
        by_column = list(zip(*(row.values or nothing for row in self._rows), strict=True)) or [()] * len(self._read)
        single = [pa.array(v, ARROW_TYPES[column.type]) for v, column in zip(by_column, self._read, strict=True)]
        if self._columns is None:
            return single
        both = zip(single, self._columns, strict=True)
        return [pa.concat_arrays([rows, column]).take(pa.array(order)) for rows, column in both]

    def _notes(self, order: Integers) -> dict[str, pa.Array]:
        """What is said about a record beside its values: only single rows have anything."""
        names = (EXTRA_FIELDS.name, *_QUARANTINE_COLUMNS)
        if not self._rows:
            return dict.fromkeys(names, pa.nulls(self._count, pa.string()))
        _, *by_column = zip(*self._rows, strict=True)
        single = [pa.array(values, pa.string()) for values in by_column]
        if self._runs:
            places = pa.array(order, mask=order >= len(self._rows))  # taken at a null, there is a null
            single = [values.take(places) for values in single]
        return dict(zip(names, single, strict=True))
