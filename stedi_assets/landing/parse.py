"""From the bytes of one S3 object to batches: rows that fit the contract, and quarantined records. Nothing is lost.

Here: putting the parts together, and a record's raw text. Not here: unpacking (`unpack`), taking text apart (`split`,
and `runs` for the plain case), the contract's rules (`fit`), the layout (`batches`). No Spark, no S3: this runs inside
an engine's worker.
"""

import base64
from collections.abc import Iterator

import pyarrow as pa

from stedi_assets.contracts.model import Contract
from stedi_assets.landing import reasons
from stedi_assets.landing.batches import MAX_BATCH_ROWS, Assembly, Row, parsed_schema
from stedi_assets.landing.fit import Fitter
from stedi_assets.landing.runs import RunReader
from stedi_assets.landing.split import Record, Splitter
from stedi_assets.landing.unpack import DamagedGzipError, unpack
from stedi_assets.settings import Settings

__all__ = ["MAX_BATCH_ROWS", "parse", "parsed_schema"]

# Raw text is cut here, and says so: bytes that are not UTF-8 take four characters each. Less of it is kept; up to here
# it is searched for people who were erased.
MAX_RAW_BYTES = 64 * 1024 * 1024
MAX_RAW_GZIP_BYTES = 1024 * 1024


def parse(
    content: bytes,
    source_object: str,
    contract: Contract,
    max_text_bytes: int,
    max_value_bytes: int = Settings.max_value_bytes,
) -> Iterator[pa.RecordBatch]:
    """One row per record of the object, in the order of its text, in batches of at most MAX_BATCH_ROWS rows.

    A record that fits: the contract's columns; reason, field and raw are null. One that doesn't: a code of `reasons`,
    the contract's column that did not fit (or null) and the record's text; of the contract's columns only source_*.
    source_offset and source_bytes count bytes of the unpacked text (`split` says which); for damaged gzip, which is
    one record and never read in part, of the object itself. An object of separators only has no rows.
    A record with a value of more than `max_value_bytes` does not fit.
    Raises ObjectTooLarge if the text has more than `max_text_bytes`; the contract has to have the provenance columns.
    """
    assembly = Assembly(contract, source_object)
    try:
        text = unpack(content, max_text_bytes)
    except DamagedGzipError:
        assembly.add_row(Row([], None, reasons.DAMAGED_GZIP, None, _raw_gzip(content)), offset=0)
        yield from assembly.batches(len(content))
        return
    splitter = Splitter(text)
    runs = RunReader(text, contract, max_value_bytes)
    fitter = Fitter(contract)
    position = splitter.after_separators(0)
    while position < len(text):
        if run := runs.run_at(position):
            if not assembly.has_room(run, run.stop):
                yield from assembly.batches(position)
            assembly.add_run(run)
            position = run.stop
        else:
            record = splitter.record_at(position)
            if not assembly.has_room(None, record.next_start):
                yield from assembly.batches(position)
            assembly.add_row(_row(record, text, fitter, max_value_bytes), record.start)
            position = record.next_start
    yield from assembly.batches(len(text))


def _row(record: Record, text: bytes, fitter: Fitter, max_value_bytes: int) -> Row:
    reason, field = record.reason, None
    # No value has more bytes than its record, in which it is quoted and escaped.
    if reason is None and record.stop - record.start > max_value_bytes:
        field = fitter.find_too_long(record.members, max_value_bytes)
        reason = None if field is None else reasons.TOO_LONG
    if reason is None:
        values, extra_fields, reason, field = fitter.fit(record.members)
        if reason is None:
            return Row(values, extra_fields, None, None, None)
    return Row([], None, reason, field, _raw(text, record.start, record.stop))


def _raw(text: bytes, start: int, stop: int) -> str:
    """A record as it arrived; bytes that are not UTF-8 stand as \\xNN."""
    raw = text[start : min(stop, start + MAX_RAW_BYTES)].decode("utf-8", "backslashreplace")
    return raw if stop - start <= MAX_RAW_BYTES else f"{raw} [cut here: {stop - start:,} bytes in all]"


def _raw_gzip(content: bytes) -> str:
    encoded = base64.b64encode(content[:MAX_RAW_GZIP_BYTES]).decode("ascii")
    part = "" if len(content) <= MAX_RAW_GZIP_BYTES else f"the first {MAX_RAW_GZIP_BYTES} of them "
    return f"gzip, {len(content)} bytes, {part}in base64: {encoded}"
