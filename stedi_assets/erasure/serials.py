"""Which of the erased's devices are still theirs alone: a serial is used over and over, so that may change.

Only that question. Whose readings are erased follows from it, where they land (`assets.landing`) and where they are
taken out (`forget`).
"""

from collections.abc import Iterable

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.erasure.fields import IDENTIFYING, customers_in
from stedi_assets.erasure.suppression import CUSTOMER, SERIAL, Suppression
from stedi_assets.transforms.consent import customer_key
from stedi_assets.transforms.pseudonyms import key_frame, with_pseudonyms


def theirs_alone(suppression: Suppression, customers: DataFrame, quarantined: DataFrame) -> Suppression:
    """The list without the devices that any of these customers has, unless they were erased themselves.

    quarantined: raw text of customer records that do not fit (column raw): who has a device by one of these has it.
    """
    if not suppression.serials:
        return suppression
    spark = customers.sparkSession
    columns = ("email", "serialnumber")
    customers = customers.select(*columns).unionByName(customers_of(quarantined).select(*columns))
    listed = spark.createDataFrame([(serial,) for serial in sorted(suppression.serials)], "serial string")
    owners = (
        with_pseudonyms(
            but_for_the_erased(customers, suppression).select("serialnumber").distinct(),
            key_frame(spark, suppression.key),
            serial=(SERIAL, F.col("serialnumber")),
        )
        .join(listed, on="serial", how="left_semi")
        .select("serial")
    )
    return suppression.but_for_serials({row["serial"] for row in owners.collect()})


def customers_of(quarantined: DataFrame) -> DataFrame:
    """Each customer that one of these records names (column raw): columns IDENTIFYING."""

    def named(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            found = [customer for raw in batch["raw"].to_pylist() for customer in customers_in(raw or "")]
            yield pa.RecordBatch.from_pylist([dict(zip(IDENTIFYING, one, strict=True)) for one in found], schema)

    schema = pa.schema([(name, pa.string()) for name in IDENTIFYING])
    return quarantined.select("raw").mapInArrow(named, ", ".join(f"{name} string" for name in IDENTIFYING))


def but_for_the_erased(customers: DataFrame, suppression: Suppression) -> DataFrame:
    """The records of customers who have an address that is not on the list."""
    named = customers.where(customer_key(F.col("email")) != "")
    if not suppression.customers:
        return named
    spark = customers.sparkSession
    listed = spark.createDataFrame([(customer,) for customer in sorted(suppression.customers)], "erased string")
    keyed = with_pseudonyms(named, key_frame(spark, suppression.key), erased=(CUSTOMER, customer_key(F.col("email"))))
    return keyed.join(listed, on="erased", how="left_anti").drop("erased")
