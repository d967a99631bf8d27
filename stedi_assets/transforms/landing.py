"""The landing tables and their quarantine: the bytes of landed objects, as rows.

Here: running the parser and the census over many objects in the engine, in parallel. Not here: how one object is
split and typed (`stedi_assets.landing`), which objects there are (`landing.zone`).

The engine's workers fetch the objects themselves, by key and ETag: what is read is what was listed, whatever the name
is. The engines' own readers skip names that start with a dot or an underscore and take brackets for patterns.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stedi_assets.contracts import LANDING_QUARANTINE, Contract
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.lakehouse.objects import UnreadableObjectError
from stedi_assets.landing.census import census
from stedi_assets.landing.fetch import fetch
from stedi_assets.landing.findings import Findings
from stedi_assets.landing.parse import parse
from stedi_assets.landing.reasons import UNREADABLE
from stedi_assets.landing.unpack import ObjectTooLarge
from stedi_assets.landing.zone import LandedObject

LISTED = "bucket string, source_object string, etag string, bytes bigint"
TALLY = "source string, source_object string, landed_bytes bigint, text_bytes bigint, objects bigint"

ERASED = "source string, source_object string, source_offset bigint, source_bytes bigint"
# Of a listing that is read in parallel.
_MOST_PARTS, _BYTES_OF_A_PART = 8, 4 * 2**20
_ERASED = "erased"  # the reason by which findings tell these records; none of the quarantine's

Batches = Iterable[pa.RecordBatch]


def listing(spark: SparkSession, landed: Sequence[LandedObject]) -> DataFrame:
    """The objects (schema LISTED), spread so that the engine reads them in parallel where there is much to read: each
    part becomes a file, which every query that names the table opens."""
    places = [(o.bucket, o.key, o.etag, o.bytes) for o in landed]
    parts = min(len(places), _MOST_PARTS, 1 + sum(o.bytes for o in landed) // _BYTES_OF_A_PART)
    return spark.createDataFrame(places, LISTED).repartition(max(parts, 1))


@dataclass(frozen=True)
class Look:
    """What is to be found out of a source's objects beside their rows, and the folder (s3://...) for it."""

    source: str
    folder: str


def landing_rows(
    objects: DataFrame, contract: Contract, max_object_bytes: int, suppression: Suppression, look: Look | None = None
) -> DataFrame:
    """One row per JSON object that fits the contract, from the listed objects (schema LISTED), but for the erased.

    With `look`, once all rows were computed, the folder has files of what else was found (schema FINDING): for each
    object what a tokenizer of its own counts in it, and each record that does not fit or is of someone who was erased.
    In the first kind `reason` is null, in the second `objects`. Of the erased nothing is told but where the record was.
    """

    def rows_of(batches: Batches) -> Batches:
        findings, source = (Findings(look.folder), look.source) if look else (None, "")
        # By a shuffle they come in any order: findings are named after the first.
        for listed in sorted(_each(batches), key=lambda one: str(one["source_object"])):
            key = listed["source_object"]
            try:
                content = content_of(listed, max_object_bytes)
            except UnreadableObjectError:
                if findings:
                    findings.add(_unreadable(key, source, listed["bytes"]))
                continue
            if findings:
                findings.add(_counted(content, key, source, max_object_bytes))
            for parsed in parse(content, key, contract, max_object_bytes):
                fits, erased = pc.is_null(parsed.column("reason")), suppression.erased_rows(parsed, contract)
                if findings:
                    for found in _dropped(parsed, fits, erased, source, suppression):
                        findings.add(found)
                yield parsed.filter(pc.and_not(fits, erased)).select(list(contract.column_names))
        if findings:
            findings.write()

    return objects.mapInArrow(rows_of, contract.ddl)


def content_of(listed: Mapping[str, Any], max_object_bytes: int) -> bytes:
    """The bytes of a listed object. Raises ObjectTooLarge before any of it is read, else as `fetch` does."""
    if listed["bytes"] > max_object_bytes:
        raise ObjectTooLarge(f"{listed['bytes']:,}", max_object_bytes)
    return fetch(listed["bucket"], listed["source_object"], listed["etag"])


def findings(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """What was found, by the files of a `Look` (schema FINDING)."""
    return spark.read.schema(FINDING).parquet(*files) if files else spark.createDataFrame([], FINDING)


def without(rows: DataFrame, objects: Collection[str]) -> DataFrame:
    """The rows of a landing table or the quarantine, but for those of these objects."""
    if not objects:
        return rows
    return rows.join(_keys(rows, objects), on="source_object", how="left_anti").select(*rows.columns)


def of_objects(rows: DataFrame, objects: Collection[str]) -> DataFrame:
    """The rows of a landing table or the quarantine that were read from these objects."""
    return rows.join(_keys(rows, objects), on="source_object", how="left_semi").select(*rows.columns)


def _keys(rows: DataFrame, objects: Collection[str]) -> DataFrame:
    return rows.sparkSession.createDataFrame([(key,) for key in sorted(objects)], "source_object string")


def landing_quarantine(findings: DataFrame) -> DataFrame:
    """One row per damaged stretch or object that does not fit, of all three sources."""
    return findings.where(F.col("reason") != _ERASED).select(*LANDING_QUARANTINE.column_names)


def erased(findings: DataFrame) -> DataFrame:
    """One row per record that was dropped because its person was erased (schema ERASED)."""
    return findings.where(F.col("reason") == _ERASED).select(*_names(ERASED))


def unreadable(findings: DataFrame) -> set[str]:
    """The keys of the objects that the store could not return."""
    rows = findings.where(F.col("reason") == UNREADABLE).select("source_object").collect()
    return {row["source_object"] for row in rows}


def tally(findings: DataFrame) -> DataFrame:
    """One row per landed object: its bytes, its unpacked bytes and the records that the census found in it."""
    return findings.where(F.col("objects").isNotNull()).select(*_names(TALLY))


def _names(ddl: str) -> list[str]:
    return [part.split()[0] for part in ddl.split(", ")]


FINDING = f"{TALLY}, " + ", ".join(
    f"{c.name} {c.type}" for c in LANDING_QUARANTINE.columns if c.name not in _names(TALLY)
)
_ARROW_TYPES = {"string": pa.string(), "bigint": pa.int64()}
_FINDING = pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in (part.split() for part in FINDING.split(", "))])


def _counted(content: bytes, key: str, source: str, max_object_bytes: int) -> pa.RecordBatch:
    """The one finding that each object has."""
    counted = census(content, max_object_bytes)
    return _finding(
        source=[source],
        source_object=[key],
        landed_bytes=[len(content)],
        text_bytes=[counted.text_bytes],
        objects=[counted.objects],
    )


def _unreadable(key: str, source: str, size: int) -> pa.RecordBatch:
    """The two findings of an object that the store cannot return: counted as one record, which is in quarantine."""
    return _finding(
        source=[source, source],
        source_object=[key, key],
        landed_bytes=[size, None],
        text_bytes=[size, None],
        objects=[1, None],
        source_offset=[None, 0],
        source_bytes=[None, size],
        reason=[None, UNREADABLE],
        raw=[None, ""],
    )


def _dropped(
    parsed: pa.RecordBatch, fits: pa.BooleanArray, erased: pa.BooleanArray, source: str, suppression: Suppression
) -> Batches:
    """The records that are no rows: those of the erased, without a word of theirs, and those that do not fit."""
    misfits = parsed.filter(pc.invert(fits))
    mentions = pa.array([suppression.mentioned_in(raw) for raw in misfits.column("raw").to_pylist()], pa.bool_())
    for gone in (parsed.filter(erased), misfits.filter(mentions)):
        places = {name: gone.column(name).to_pylist() for name in _names(ERASED)[1:]}
        yield _finding(source=[source] * gone.num_rows, reason=[_ERASED] * gone.num_rows, **places)
    kept = misfits.filter(pc.invert(mentions))
    named = {name: kept.column(name).to_pylist() for name in LANDING_QUARANTINE.column_names[1:]}
    yield _finding(source=[source] * kept.num_rows, **named)


def _finding(**columns: Any) -> pa.RecordBatch:
    """A batch of findings; columns that are not given are null."""
    rows = len(columns["source"])
    arrays = [pa.array(columns.get(field.name, [None] * rows), field.type) for field in _FINDING]
    return pa.RecordBatch.from_arrays(arrays, schema=_FINDING)


def _each(batches: Batches) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from batch.to_pylist()
