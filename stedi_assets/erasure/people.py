"""Whom an erasure is about: one customer, found again by a keyed hash, or everyone who no longer agrees.

Here: reading every customer record there is (landed objects, tables, their history, the quarantine) for what belongs to
whom. Not here: taking it out (`history`, `raw_objects`), the order of that (`forget`).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import (
    CUSTOMER_LANDING,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    LANDING_QUARANTINE,
    SOURCES,
)
from stedi_assets.erasure.fields import IDENTIFYING
from stedi_assets.erasure.serials import but_for_the_erased, customers_of
from stedi_assets.erasure.suppression import CUSTOMER, NOBODY, Suppression
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import LANDING, NeverPublishedError
from stedi_assets.landing.zone import Zone
from stedi_assets.transforms import landing as transforms
from stedi_assets.transforms.consent import customer_key, refusing_customers, research_customers
from stedi_assets.transforms.pseudonyms import key_frame, with_pseudonyms

CUSTOMER_TABLES = (CUSTOMERS_CURATED, CUSTOMER_TRUSTED, CUSTOMER_LANDING)


class NobodyKnownError(LookupError):
    """There is no customer record to judge by: nobody could be told from anybody."""

    def __init__(self) -> None:
        super().__init__(
            "there is no customer record, in the landing zone or in customer_landing, that says who agrees; "
            "bring the data first: stedi run --landing PATH. Nothing was erased"
        )


@dataclass(frozen=True)
class Person:
    """What every record tells of one customer. `is_known`: whether there is any.

    serials: every one that they were ever recorded with; serials_unused: of these, the ones that nobody else has who
    agrees and was not erased; shared_serials: how many others have, too, agreeing or not.
    texts: name and phone, where nobody else's.
    """

    is_known: bool
    serials: frozenset[str]
    serials_unused: frozenset[str]
    shared_serials: int
    texts: frozenset[str]


@dataclass(frozen=True)
class Refusing:
    """Who does not agree, by a record that says so: their keys, and the serials that nobody who agrees has.

    ambiguous: the serials that somebody has who does not agree.
    """

    customers: frozenset[str]
    serials: frozenset[str]
    ambiguous: frozenset[str]


def zone_of(lakehouse: Lakehouse) -> Zone:
    """The zone that was asked for, else the one that customer_landing was read from, else the home's own."""
    if lakehouse.landing:
        return lakehouse.zone
    published = lakehouse.tables.find_published(CUSTOMER_LANDING)
    recorded = published.summary.get(LANDING) if published else None
    return Zone.of(recorded, lakehouse.zone.s3) if recorded else lakehouse.zone


def current_records(lakehouse: Lakehouse) -> DataFrame:
    """Every customer record that landed or is published, published yet or not; there may be none.

    The newest word of a customer may stand in an object whose run failed: that alone must not keep a withdrawal back.
    """
    settings = lakehouse.settings
    records = transforms.landing_rows(
        _landed(lakehouse),
        CUSTOMER_LANDING,
        settings.max_object_bytes,
        NOBODY,
        max_value_bytes=settings.max_value_bytes,
    )
    with suppress(NeverPublishedError):
        records = records.unionByName(lakehouse.tables.read(CUSTOMER_LANDING))
    return records.select(*CUSTOMER_TRUSTED.column_names)


def quarantined_records(lakehouse: Lakehouse) -> DataFrame:
    """The raw text (column raw) of every customer record that landed and does not fit, published or not."""
    settings = lakehouse.settings
    raw = transforms.misfits(_landed(lakehouse), CUSTOMER_LANDING, settings.max_object_bytes, settings.max_value_bytes)
    with suppress(NeverPublishedError):
        raw = raw.unionByName(transforms.quarantined(lakehouse.tables.read(LANDING_QUARANTINE), CUSTOMER_LANDING))
    return raw


def _landed(lakehouse: Lakehouse) -> DataFrame:
    """The objects of customer records in the home's own zone and in the one that the data came from."""
    own, found = lakehouse.own_zone, zone_of(lakehouse)
    landed = [
        landed
        for zone in ([own] if own.uri == found.uri else [own, found])
        for landed in zone.objects()
        if SOURCES[landed.source] is CUSTOMER_LANDING
    ]
    return transforms.listing(lakehouse.spark, landed)


def refusing(lakehouse: Lakehouse) -> Refusing:
    """Everyone who does not agree now, by the consent rule. Who has no record is kept: nothing says that they refuse.

    Raises NobodyKnownError.
    """
    current = current_records(lakehouse)
    refuse = refusing_customers(current, research_customers(current, lakehouse.policy))
    customers = _values(refuse)
    if not customers and not current.limit(1).count():
        raise NobodyKnownError
    ever = _identifying(current, _history(lakehouse))
    named = ever.where(F.col("serialnumber").isNotNull() & (F.col("customer") != "")).select("serialnumber", "customer")
    of_refusing = named.join(refuse, on="customer", how="left_semi").select("serialnumber").distinct()
    of_others = named.join(refuse, on="customer", how="left_anti").select("serialnumber").distinct()
    ambiguous = _values(of_refusing)
    return Refusing(customers, ambiguous - _values(of_others), ambiguous)


def identify(lakehouse: Lakehouse, suppression: Suppression, customer: str) -> Person:
    """What is known of the customer with this hash, by every record there is."""
    current, quarantined = current_records(lakehouse), customers_of(quarantined_records(lakehouse))
    keyed = with_pseudonyms(
        _identifying(current, [*_history(lakehouse), quarantined]),
        key_frame(lakehouse.spark, suppression.key),
        hash=(CUSTOMER, F.col("customer")),
    )
    own = keyed.where(F.col("hash") == customer).select(*IDENTIFYING).distinct().collect()
    serials = {row["serialnumber"] for row in own} - {None}
    texts = {row[name] for row in own for name in ("customername", "phone") if row[name]}
    known = current.select(*IDENTIFYING).unionByName(quarantined)
    others = _identifying(but_for_the_erased(known, suppression))
    agreed = research_customers(current, lakehouse.policy).select("customer")
    of_others = _among(others, "serialnumber", serials)
    of_agreed = _among(others.join(agreed, on="customer", how="left_semi"), "serialnumber", serials)
    return Person(
        is_known=bool(own),
        serials=frozenset(serials),
        serials_unused=frozenset(serials - of_agreed),
        shared_serials=len(of_others),
        texts=frozenset(texts - _among(others, "customername", texts) - _among(others, "phone", texts)),
    )


def _history(lakehouse: Lakehouse) -> list[DataFrame]:
    """Every file of the customers' tables, of whatever snapshot, or of none."""
    frames = []
    for contract in CUSTOMER_TABLES:
        files = lakehouse.tables.every_file(contract)
        if files:
            frames.append(lakehouse.spark.read.schema(contract.ddl).parquet(*files).select(*IDENTIFYING))
    return frames


def _identifying(records: DataFrame, more: Sequence[DataFrame] = ()) -> DataFrame:
    """customer (its key) and what else tells who it is."""
    frame = records.select(*IDENTIFYING)
    for other in more:
        frame = frame.unionByName(other)
    return frame.withColumn("customer", customer_key(frame["email"]))


def _among(records: DataFrame, column: str, wanted: set[str]) -> set[str]:
    """Which of these the records have. They are joined in: as literals, names would stand in query plans."""
    if not wanted:
        return set()
    asked = records.sparkSession.createDataFrame([(value,) for value in sorted(wanted)], f"{column} string")
    return {row[0] for row in records.join(asked, on=column, how="left_semi").select(column).distinct().collect()}


def _values(frame: DataFrame) -> frozenset[str]:
    return frozenset(frame.distinct().toArrow().column(0).to_pylist()) - {None}
