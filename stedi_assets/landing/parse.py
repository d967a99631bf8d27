"""From the bytes of one S3 object to batches: rows that fit the contract, and quarantined records. Nothing is lost.

Here: putting the parts together and the batches' schema. Not here: unpacking (`unpack`), taking text apart (`split`,
and `lines` for the plain case), the contract's rules (`fit`). No Spark, no S3: this runs inside an engine's worker.
"""

import base64
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stedi_assets.contracts.model import Contract
from stedi_assets.contracts.provenance import EXTRA_FIELDS, SOURCE_BYTES, SOURCE_OBJECT, SOURCE_OFFSET
from stedi_assets.landing import reasons
from stedi_assets.landing.fit import Fitter, read_columns
from stedi_assets.landing.lines import LineReader, Run
from stedi_assets.landing.shapes import ARROW_TYPES
from stedi_assets.landing.split import Record, Splitter
from stedi_assets.landing.unpack import DamagedGzipError, unpack

MAX_BATCH_ROWS = 65_536
# A string column of one batch holds at most 2 GiB, and engines take batches into memory whole.
MAX_BATCH_BYTES = 64 * 1024 * 1024
# Raw text is cut here, and says so: bytes that are not UTF-8 take four characters each.
MAX_RAW_BYTES = 64 * 1024 * 1024
MAX_RAW_GZIP_BYTES = 1024 * 1024

_QUARANTINE_COLUMNS = ("reason", "field", "raw")


def parsed_schema(contract: Contract) -> pa.Schema:
    """The schema of what `parse` yields: the contract's columns in order, then reason, field and raw (strings)."""
    columns = [(column.name, ARROW_TYPES[column.type]) for column in contract.columns]
    return pa.schema(columns + [(name, pa.string()) for name in _QUARANTINE_COLUMNS])


def parse(content: bytes, source_object: str, contract: Contract, max_text_bytes: int) -> Iterator[pa.RecordBatch]:
    """One row per record of the object, in the order of its text, in batches of at most MAX_BATCH_ROWS rows.

    A record that fits: the contract's columns; reason, field and raw are null. One that doesn't: a code of `reasons`,
    the contract's column that did not fit (or null) and the record's text; of the contract's columns only source_*.
    source_offset and source_bytes count bytes of the unpacked text (`split` says which); for damaged gzip, which is
    one record and never read in part, of the object itself. An object of separators only has no rows.
    Raises ObjectTooLarge if the text has more than `max_text_bytes`; the contract has to end with provenance columns.
    """
    layout = _Layout(contract, source_object)
    try:
        text = unpack(content, max_text_bytes)
    except DamagedGzipError:
        raw = _raw_gzip(content)
        yield layout.batch([_Row([], 0, len(content), None, reasons.DAMAGED_GZIP, None, raw)])
        return
    yield from _merged(_pieces(text, layout))


class _Row(NamedTuple):
    """A record of the exact path on its way into a batch; `values` is empty where it doesn't fit."""

    values: list[object]
    offset: int
    size: int
    extra_fields: str | None
    reason: str | None
    field: str | None
    raw: str | None


class _Layout:
    """Lays columns out in the order of the schema."""

    def __init__(self, contract: Contract, source_object: str) -> None:
        self.contract = contract
        self._schema = parsed_schema(contract)
        self._read = read_columns(contract)
        self._source_object = source_object

    def batch(self, rows: list[_Row]) -> pa.RecordBatch:
        """Rows of the exact path."""
        nothing: list[object] = [None] * len(self._read)
        by_column = zip(*(row.values or nothing for row in rows), strict=True)
        _, offsets, sizes, extra_fields, *quarantine = zip(*rows, strict=True)
        return self._laid_out(
            [pa.array(v, ARROW_TYPES[column.type]) for v, column in zip(by_column, self._read, strict=True)],
            pa.array(offsets, pa.int64()),
            pa.array(sizes, pa.int64()),
            pa.array(extra_fields, pa.string()),
            [pa.array(values, pa.string()) for values in quarantine],
        )

    def run(self, run: Run, begin: int, end: int) -> pa.RecordBatch:
        """A run of lines that accounts for the bytes from begin to end."""
        edges = np.concatenate((run.starts, [end]))
        edges[0] = begin
        nulls = pa.nulls(len(run.starts), pa.string())
        return self._laid_out(run.columns, pa.array(run.starts), pa.array(np.diff(edges)), nulls, [nulls] * 3)

    def _laid_out(
        self,
        values: list[pa.Array],
        offsets: pa.Array,
        sizes: pa.Array,
        extra_fields: pa.Array,
        quarantine: list[pa.Array],
    ) -> pa.RecordBatch:
        named = {column.name: array for column, array in zip(self._read, values, strict=True)}
        named[SOURCE_OBJECT.name] = pa.repeat(pa.scalar(self._source_object, pa.string()), len(offsets))
        named[SOURCE_OFFSET.name] = offsets
        named[SOURCE_BYTES.name] = sizes
        named[EXTRA_FIELDS.name] = extra_fields
        named |= dict(zip(_QUARANTINE_COLUMNS, quarantine, strict=True))
        return pa.RecordBatch.from_arrays([named[name] for name in self._schema.names], schema=self._schema)


def _pieces(text: bytes, layout: _Layout) -> Iterator[pa.RecordBatch]:
    """The records of a text in order, in batches of any size up to the limits."""
    splitter = Splitter(text)
    lines = LineReader(text, layout.contract)
    fitter = Fitter(layout.contract)
    rows: list[_Row] = []
    row_bytes = 0
    accounted = 0
    position = splitter.after_separators(0)
    while position < len(text):
        run = lines.run_at(position)
        if run or len(rows) == MAX_BATCH_ROWS or row_bytes >= MAX_BATCH_BYTES:
            if rows:
                yield layout.batch(rows)
            rows, row_bytes = [], 0
        if run:
            position = splitter.after_separators(run.stop)
            yield layout.run(run, accounted, position)
        else:
            record = splitter.record_at(position)
            rows.append(_row(record, record.next_start - accounted, text, fitter))
            row_bytes += rows[-1].size
            position = record.next_start
        accounted = position
    if rows:
        yield layout.batch(rows)


def _row(record: Record, size: int, text: bytes, fitter: Fitter) -> _Row:
    reason, field = record.reason, None
    if reason is None:
        values, extra_fields, reason, field = fitter.fit(record.members)
        if reason is None:
            return _Row(values, record.start, size, extra_fields, None, None, None)
    return _Row([], record.start, size, None, reason, field, _raw(text, record.start, record.stop))


def _raw(text: bytes, start: int, stop: int) -> str:
    """A record as it arrived; bytes that are not UTF-8 stand as \\xNN."""
    raw = text[start : min(stop, start + MAX_RAW_BYTES)].decode("utf-8", "backslashreplace")
    return raw if stop - start <= MAX_RAW_BYTES else f"{raw} [cut here: {stop - start:,} bytes in all]"


def _raw_gzip(content: bytes) -> str:
    encoded = base64.b64encode(content[:MAX_RAW_GZIP_BYTES]).decode("ascii")
    part = "" if len(content) <= MAX_RAW_GZIP_BYTES else f"the first {MAX_RAW_GZIP_BYTES} of them "
    return f"gzip, {len(content)} bytes, {part}in base64: {encoded}"


def _merged(pieces: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in fewer batches: dirt between runs must not leave a batch for every few rows."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for piece in pieces:
        if waiting and (rows + piece.num_rows > MAX_BATCH_ROWS or size + piece.nbytes > MAX_BATCH_BYTES):
            yield pa.concat_batches(waiting)
            waiting, rows, size = [], 0, 0
        waiting.append(piece)
        rows += piece.num_rows
        size += piece.nbytes
    if waiting:
        yield pa.concat_batches(waiting)
