"""What changed between two versions of the tables that a table is made from, in the terms of its rows.

Here: which rows, customers and serials differ between two versions, in pure PySpark. Not here: which versions these are
and where they lie (`building.ground`), and what becomes of a table then (`increments`).

A key whose rows may differ is `touched`: one column of that name, one row for each key. One too many costs time alone;
one too few leaves a row that a full build would not have.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stedi_assets.policy import Policy
from stedi_assets.transforms.consent import customer_key, research_customers, serial_owners

TOUCHED = "touched"


def only(rows: DataFrame, key: Column, touched: DataFrame) -> DataFrame:
    """The rows whose key is touched."""
    return _joined(rows, key, touched, "left_semi")


def without(rows: DataFrame, key: Column, touched: DataFrame) -> DataFrame:
    """The rows whose key is not touched, or null."""
    return _joined(rows, key, touched, "left_anti")


def differing(before: DataFrame, after: DataFrame) -> DataFrame:
    """The distinct rows of which one of the two has more than the other."""
    columns = after.columns
    counted = before.withColumn("more", F.lit(-1)).unionByName(after.withColumn("more", F.lit(1)))
    return counted.groupBy(*columns).agg(F.sum("more").alias("more")).where(F.col("more") != 0).select(*columns)


def changed_customers(before: DataFrame, after: DataFrame) -> DataFrame:
    """Customers that came to customer_trusted, left it, or agreed since another date: touched."""
    then, now = (
        rows.select(customer_key(F.col("email")).alias(TOUCHED), F.col("sharewithresearchasofdate").alias("since"))
        for rows in (before, after)
    )
    return differing(then, now).select(TOUCHED).distinct()


def changed_owners(before: DataFrame, after: DataFrame) -> DataFrame:
    """Customers that came to customers_curated, left it, or have another serial: touched."""
    then, now = (
        rows.select(customer_key(F.col("email")).alias(TOUCHED), F.col("serialnumber")) for rows in (before, after)
    )
    return differing(then, now).select(TOUCHED).distinct()


def serials_covered(customers_curated: DataFrame, customer_landing: DataFrame, policy: Policy) -> DataFrame:
    """All that a step reading's use depends on beside the reading: touched (the serial), since, everyone_since.

    `everyone_since` is null where not everyone agrees, and where the policy does not ask.
    """
    curated = (
        customers_curated.where(F.col("serialnumber").isNotNull())
        .groupBy(F.col("serialnumber").alias(TOUCHED))
        .agg(F.min("sharewithresearchasofdate").alias("since"))
    )
    if policy.serials != "unambiguous":
        return curated.withColumn("everyone_since", F.lit(None).cast("bigint"))
    owners = serial_owners(customer_landing, research_customers(customer_landing, policy))
    owners = owners.select(F.col("serialnumber").alias(TOUCHED), "everyone_since")
    return curated.join(owners, on=TOUCHED, how="left").select(TOUCHED, "since", "everyone_since")


def changed_serials(before: DataFrame, after: DataFrame) -> DataFrame:
    """Serials of which `serials_covered` says something else, or that only one of the two has: touched."""
    return differing(before, after).select(TOUCHED).distinct()


def _joined(rows: DataFrame, key: Column, touched: DataFrame, how: str) -> DataFrame:
    # Dropped, not selected by the rows' columns: for these the engine would have to plan the rows.
    return rows.withColumn(TOUCHED, key).join(touched, on=TOUCHED, how=how).drop(TOUCHED)
