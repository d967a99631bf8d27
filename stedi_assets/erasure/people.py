"""Whom an erasure is about: one customer, found again by a keyed hash, or everyone who no longer agrees.

Here: reading every customer record there is (landed objects, tables, their history) for what belongs to whom. Not
here: taking it out (`history`, `raw_objects`), the order of that (`forget`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import CUSTOMER_LANDING, CUSTOMER_TRUSTED, CUSTOMERS_CURATED, SOURCES
from stedi_assets.erasure.suppression import CUSTOMER, NOBODY, Suppression
from stedi_assets.lakehouse.publication import LANDING, NeverPublishedError
from stedi_assets.lakehouse.resource import Lakehouse
from stedi_assets.landing.zone import Zone
from stedi_assets.transforms import landing as transforms
from stedi_assets.transforms.consent import customer_key, governing_consents
from stedi_assets.transforms.pseudonyms import key_frame, with_pseudonyms

CUSTOMER_TABLES = (CUSTOMERS_CURATED, CUSTOMER_TRUSTED, CUSTOMER_LANDING)
_IDENTIFYING = ("email", "customername", "phone", "serialnumber")


class NobodyKnownError(LookupError):
    """There is no customer record to judge by: nobody could be told from anybody."""

    def __init__(self) -> None:
        super().__init__(
            "there is no customer record, in the landing zone or in customer_landing, that says who agrees; "
            "bring the data first: stedi run --landing PATH. Nothing was erased"
        )


@dataclass(frozen=True)
class Person:
    """What is one customer's alone. `serials_landed`: of nobody else; `serials_used`: of nobody else who agrees."""

    serials_landed: frozenset[str]
    serials_used: frozenset[str]
    texts: frozenset[str]
    shared_serials: int


@dataclass(frozen=True)
class Agreeing:
    """Who agrees: the customers' keys, and every serial that any of them was ever recorded with."""

    customers: frozenset[str]
    serials: frozenset[str]


def zone_of(lakehouse: Lakehouse) -> Zone:
    """The zone that was asked for, else the one that customer_landing was read from, else the home's own."""
    if lakehouse.landing:
        return lakehouse.zone
    try:
        recorded = lakehouse.tables.published(CUSTOMER_LANDING).summary.get(LANDING)
    except NeverPublishedError:
        recorded = None
    return Zone.of(recorded, lakehouse.zone.s3) if recorded else lakehouse.zone


def current_records(lakehouse: Lakehouse) -> DataFrame:
    """Every customer record that landed or is published, published yet or not. Raises NobodyKnownError.

    The newest word of a customer may stand in an object whose run failed: that alone must not keep a withdrawal back.
    """
    found: list[DataFrame] = []
    landed = [landed for landed in zone_of(lakehouse).objects() if SOURCES[landed.source] is CUSTOMER_LANDING]
    if landed:
        objects = transforms.listing(lakehouse.spark, landed)
        limit = lakehouse.settings.max_object_bytes
        found.append(transforms.landing_rows(objects, CUSTOMER_LANDING, limit, NOBODY))
    try:
        found.append(lakehouse.tables.read(CUSTOMER_LANDING))
    except NeverPublishedError:
        if not found:
            raise NobodyKnownError from None
    return _union(found)


def agreeing(lakehouse: Lakehouse) -> Agreeing:
    """Everyone who agrees now, by the consent rule. Raises NobodyKnownError."""
    known = current_records(lakehouse).select(*CUSTOMER_TRUSTED.column_names)
    customers = governing_consents(known, lakehouse.policy.as_of_ms).select("customer")
    ever = _identifying(known, _history(lakehouse))
    serials = ever.join(customers, on="customer", how="left_semi").select("serialnumber").distinct()
    return Agreeing(_values(customers), _values(serials))


def identify(lakehouse: Lakehouse, suppression: Suppression, customer: str) -> Person:
    """What is alone of the customer with this hash, by every record there is. Raises NobodyKnownError."""
    current = current_records(lakehouse).select(*CUSTOMER_TRUSTED.column_names)
    key = key_frame(lakehouse.spark, suppression.key)
    is_own = F.col("hash") == customer

    def hashed(records: DataFrame) -> DataFrame:
        return with_pseudonyms(records, key, hash=(CUSTOMER, F.col("customer")))

    own = hashed(_identifying(current, _history(lakehouse))).where(is_own).select(*_IDENTIFYING).distinct().collect()
    serials = {row["serialnumber"] for row in own} - {None}
    texts = {row[name] for row in own for name in ("customername", "phone") if row[name]}
    others = hashed(_identifying(current)).where(~is_own).select("customer", *_IDENTIFYING[1:]).distinct()
    agreed = governing_consents(current, lakehouse.policy.as_of_ms).select("customer")
    agreed_others = others.join(agreed, on="customer", how="left_semi")
    of_others, of_agreed = _among(others, "serialnumber", serials), _among(agreed_others, "serialnumber", serials)
    shared_texts = _among(others, "customername", texts) | _among(others, "phone", texts)
    alone = serials - of_others
    return Person(
        serials_landed=frozenset(alone),
        serials_used=frozenset(serials - of_agreed),
        texts=frozenset((texts - shared_texts) | alone),
        shared_serials=len(of_others),
    )


def _history(lakehouse: Lakehouse) -> list[DataFrame]:
    """Every file of the customers' tables, of whatever snapshot, or of none."""
    frames = []
    for contract in CUSTOMER_TABLES:
        files = lakehouse.tables.every_file(contract)
        if files:
            frames.append(lakehouse.spark.read.schema(contract.ddl).parquet(*files).select(*_IDENTIFYING))
    return frames


def _identifying(records: DataFrame, more: Sequence[DataFrame] = ()) -> DataFrame:
    """customer (its key) and what else tells who it is."""
    frame = _union([records.select(*_IDENTIFYING), *more])
    return frame.withColumn("customer", customer_key(frame["email"]))


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    first, *others = frames
    for other in others:
        first = first.unionByName(other)
    return first


def _among(records: DataFrame, column: str, wanted: set[str]) -> set[str]:
    if not wanted:
        return set()
    return {row[0] for row in records.where(records[column].isin(*wanted)).select(column).distinct().collect()}


def _values(frame: DataFrame) -> frozenset[str]:
    return frozenset(frame.distinct().toArrow().column(0).to_pylist()) - {None}
