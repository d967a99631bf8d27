"""Landed objects, written again without the records of the erased; everything else in them stays as it is.

Here: finding those records as landing itself finds records, taking them out, and putting the object back. Not here:
whose a record is (`suppression`), what is left between its neighbours (`separators`), and reading for the tables.

Damage is what makes this hard. A damaged stretch goes on to the next place where a record surely begins, so it may take
in what used to stand behind the record that was taken out, or become whole with it. So behind a stretch that stays the
next record begins a line; and where a stretch stays, the new text is parsed, and has to give the same rows. If it does
not, each record that stays gets lines of its own, with what breaks any JSON between them. A stretch may still become
one with a stretch or a value behind it: nothing of them is lost, but they count as one record in quarantine.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stedi_assets.contracts import SOURCES
from stedi_assets.contracts.model import Contract
from stedi_assets.contracts.provenance import SOURCE_BYTES, SOURCE_OFFSET
from stedi_assets.erasure.separators import Separators
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.lakehouse.objects import UnreadableObjectError, read_object
from stedi_assets.landing import reasons
from stedi_assets.landing.parse import parse, parsed_schema
from stedi_assets.landing.shapes import Flags, Integers
from stedi_assets.landing.split import Record, Splitter
from stedi_assets.landing.unpack import GZIP_MAGIC, DamagedGzipError, unpack
from stedi_assets.landing.zone import LandedObject, Zone

_BREAK = b",,\n"  # no JSON value goes on over it: two commas outside of a string, a line's end inside of one
_CHANGED = {"PreconditionFailed", "412", "404", "NoSuchKey", "ConditionalRequestConflict"}
_KEPT_HEADERS = ("ContentType", "ContentEncoding", "ContentDisposition", "CacheControl", "Metadata")


class ObjectChangedError(RuntimeError):
    """An object is no longer the one that was listed. Names no key: an address can be one."""

    def __init__(self) -> None:
        super().__init__("a landing object changed while it was rewritten; nothing of it was overwritten: run again")


class UnreadableLandingError(RuntimeError):
    """The store cannot return an object: nothing can be taken out of it. Names no key: an address can be one."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"a landing object of {source} cannot be read from the store, and may have the erased person's records; "
            "deliver it again under its name, which landing_quarantine has after a run, then erase again"
        )


@dataclass(frozen=True)
class Rewritten:
    """An object's new bytes, and how many records were taken out of it."""

    content: bytes
    records: int


class _Judged(NamedTuple):
    """The records of one text: where each begins, which are to be taken out, whether a damaged stretch stays."""

    starts: Integers
    is_erased: Flags
    keeps_damage: bool


def rewrite_zone(zone: Zone, suppression: Suppression, max_object_bytes: int) -> dict[str, tuple[int, int]]:
    """Takes the erased out of every landed object: for each source, objects rewritten and records taken out.

    What was rewritten before a failure stays so, and a second run goes on from there.
    Raises ObjectChangedError, and ObjectTooLarge as landing does.
    """
    counts = dict.fromkeys(SOURCES, (0, 0))
    for landed in [] if suppression.is_empty else zone.objects():
        records = _rewrite(zone.s3, landed, suppression, max_object_bytes)
        if records:
            before = counts[landed.source]
            counts[landed.source] = (before[0] + 1, before[1] + records)
    return counts


def _rewrite(s3: Any, landed: LandedObject, suppression: Suppression, max_object_bytes: int) -> int:
    """How many records were taken out of one object."""
    place = {"Bucket": landed.bucket, "Key": landed.key}
    try:
        content = read_object(s3, landed.bucket, landed.key, landed.etag)
        if content is None:
            raise ObjectChangedError
        rewritten = without_erased(content, SOURCES[landed.source], suppression, max_object_bytes)
        if rewritten is None:
            return 0
        found = s3.head_object(**place, IfMatch=landed.etag)
        headers = {name: found[name] for name in _KEPT_HEADERS if found.get(name)}
        s3.put_object(**place, **headers, Body=rewritten.content, IfMatch=landed.etag)
    except UnreadableObjectError:
        raise UnreadableLandingError(landed.source) from None
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in _CHANGED:
            raise ObjectChangedError from None
        raise
    return rewritten.records


def without_erased(
    content: bytes, contract: Contract, suppression: Suppression, max_text_bytes: int
) -> Rewritten | None:
    """The object without the records of the erased, None if it has none. Raises ObjectTooLarge.

    A record that fits the contract is judged as a row, one that doesn't by what its text mentions. Gzip stays gzip;
    of damaged gzip, which is one record, nothing is left.
    """
    if suppression.is_empty:
        return None
    try:
        text = unpack(content, max_text_bytes)
    except DamagedGzipError:
        return Rewritten(b"", 1) if suppression.mentioned_in_gzip(content) else None
    splitter = Splitter(text)
    judged = _judge(content, text, splitter, contract, suppression, max_text_bytes)
    if not judged.is_erased.any():
        return None
    is_gzip = content.startswith(GZIP_MAGIC)
    rewritten = _packed(_without(text, splitter, judged), is_gzip)
    if judged.keeps_damage:
        expected = _rows(content, contract, max_text_bytes, without=suppression)
        if not _rows(rewritten, contract, max_text_bytes).equals(expected):
            rewritten = _packed(_apart(text, splitter, judged), is_gzip)
    return Rewritten(rewritten, int(judged.is_erased.sum()))


def _judge(
    content: bytes, text: bytes, splitter: Splitter, contract: Contract, suppression: Suppression, max_text_bytes: int
) -> _Judged:
    starts: list[Integers] = []
    is_erased: list[Flags] = []
    keeps_damage = False
    for batch in parse(content, "", contract, max_text_bytes):
        offsets: Integers = batch.column(SOURCE_OFFSET.name).to_numpy()
        erased: Flags = suppression.erased_rows(batch, contract).to_numpy(zero_copy_only=False).copy()
        misfits = pc.is_valid(batch.column("reason")).to_numpy(zero_copy_only=False)
        for index in np.flatnonzero(misfits):
            # Not the batch's raw text: that is cut where it is too long.
            record = splitter.record_at(int(offsets[index]))
            raw = text[record.start : record.stop].decode("utf-8", "backslashreplace")
            is_mentioned = suppression.mentioned_in(raw)
            erased[index] = is_mentioned
            keeps_damage |= record.reason == reasons.DAMAGED and not is_mentioned
        starts.append(offsets)
        is_erased.append(erased)
    if not starts:
        return _Judged(np.empty(0, np.int64), np.empty(0, np.bool_), False)
    return _Judged(np.concatenate(starts), np.concatenate(is_erased), keeps_damage)


def _without(text: bytes, splitter: Splitter, judged: _Judged) -> bytes:
    """The text without the records that are to be taken out, and as it was apart from them."""
    parts: list[bytes] = []
    position = 0
    for first, end in _runs(judged.is_erased):
        before = splitter.record_at(int(judged.starts[first - 1])) if first else None
        stop = before.stop if before else 0
        parts.append(text[position:stop])
        gap = Separators(text[stop : int(judged.starts[first])], is_begin=before is None)
        for index in range(first, end):
            taken = splitter.record_at(int(judged.starts[index]))
            gap.take_out(text[taken.stop : taken.next_start], is_end=taken.next_start == len(text))
        position = int(judged.starts[end]) if end < len(judged.starts) else len(text)
        parts.append(_secured(gap.joined(), before, text[position : position + 2]))
    return b"".join([*parts, text[position:]])


def _runs(is_erased: Flags) -> Iterator[tuple[int, int]]:
    """The first record and the one after the last of each run of records that are to be taken out."""
    edges = np.flatnonzero(np.diff(is_erased.astype(np.int8), prepend=0, append=0))
    yield from list(pairwise(edges.tolist()))[::2]


def _secured(gap: bytes, before: Record | None, following: bytes) -> bytes:
    """The separators with what the next record needs to be found, after the one before."""
    if before is None:
        # A damaged stretch may begin with what makes an object gzip, if it comes first.
        return b"\n" if not gap and following.startswith(GZIP_MAGIC) else gap
    if before.reason == reasons.DAMAGED:
        return b"\n"  # whatever else is behind a stretch becomes part of it, and only a line's begin ends it for sure
    if before.reason == reasons.NOT_AN_OBJECT and not gap and following[:1] not in {b"", b"{"}:
        return b"\n"
    return gap


def _apart(text: bytes, splitter: Splitter, judged: _Judged) -> bytes:
    """The records that stay, so far from each other that none can be taken for a part of another."""
    stay = (splitter.record_at(int(start)) for start in judged.starts[~judged.is_erased])
    kept = _BREAK.join(text[record.start : record.stop] for record in stay)
    return b"\n" + kept if kept.startswith(GZIP_MAGIC) else kept


def _packed(text: bytes, is_gzip: bool) -> bytes:
    return gzip.compress(text, compresslevel=6, mtime=0) if is_gzip else text


def _rows(content: bytes, contract: Contract, max_text_bytes: int, without: Suppression | None = None) -> pa.Table:
    """The rows that fit, but for those of the erased; where they stand in the text is left out."""
    batches = []
    for batch in parse(content, "", contract, max_text_bytes):
        stays = pc.is_null(batch.column("reason"))
        if without:
            stays = pc.and_not(stays, without.erased_rows(batch, contract))
        batches.append(batch.filter(stays))
    rows = pa.Table.from_batches(batches, parsed_schema(contract))
    return rows.drop_columns([SOURCE_OFFSET.name, SOURCE_BYTES.name])
