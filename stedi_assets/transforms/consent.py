"""The consent rule: who agreed to research. The one place that says so.

Here: which record of a customer governs, whether it consents, and when two addresses are one customer. Every
transform and every consent check asks here. Not here: which rows of which table follow from it.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from stedi_assets.contracts.customer_key import BLANKS


def customer_key(email: Column) -> Column:
    """Addresses that differ in case or outer blanks are one customer. Null stays null and matches nothing."""
    return F.lower(F.btrim(email, F.lit(BLANKS)))


def gives_consent(since: Column, as_of_ms: int) -> Column:
    """A record consents when its date is set and reached: null, 0 or a date after the run's start is no consent."""
    return F.coalesce((since > 0) & (since <= as_of_ms), F.lit(False))


def governing_consents(customers: DataFrame, as_of_ms: int) -> DataFrame:
    """One row per consenting customer: the newest record, with `customer` (its key) added.

    The newest lastupdatedate governs alone. Where several records tie for it, the customer consents only if every
    one of them does, and the one with the latest consent date stands; an exact repetition is no tie.
    """
    by_customer = Window.partitionBy("customer")
    latest_first = by_customer.orderBy(
        F.desc_nulls_last("sharewithresearchasofdate"),
        *(F.desc_nulls_last(name) for name in ("serialnumber", "email", "registrationdate")),
        *(F.desc_nulls_last(name) for name in ("customername", "phone", "birthday")),
        *(F.desc_nulls_last(name) for name in ("sharewithpublicasofdate", "sharewithfriendsasofdate")),
    )
    keyed = customers.withColumn("customer", customer_key(F.col("email"))).where(F.col("customer") != "")
    newest = keyed.withColumn("newest", F.max("lastupdatedate").over(by_customer)).where(
        F.col("lastupdatedate") == F.col("newest")
    )
    judged = newest.withColumn(
        "consents", F.min(gives_consent(F.col("sharewithresearchasofdate"), as_of_ms).cast("int")).over(by_customer)
    )
    return (
        judged.where(F.col("consents") == 1)
        .withColumn("place", F.row_number().over(latest_first))
        .where(F.col("place") == 1)
        .drop("newest", "consents", "place")
    )
