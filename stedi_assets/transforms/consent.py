"""The consent rule: who agreed to research, and which readings that covers. The one place that says so.

Here: which record of a customer governs, whether it consents, when two addresses are one customer, whose serial is
whose, and whether a reading is covered. Every transform and every consent check asks here. Not here: the policies'
names (`policy`), which rows of which table follow from it.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from stedi_assets.contracts.customer_key import BLANKS, CAPITALS, SMALLS
from stedi_assets.policy import Policy


def customer_key(email: Column) -> Column:
    """Addresses that differ in case or outer blanks are one customer. Null stays null and matches nothing."""
    return F.lower(F.btrim(F.translate(email, CAPITALS, SMALLS), F.lit(BLANKS)))


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


def covers(since: Column, taken: Column, policy: Policy) -> Column:
    """Whether a consent that dates from `since` covers a reading taken then."""
    return F.lit(True) if policy.consent == "published" else taken >= since


def research_customers(customers: DataFrame, policy: Policy) -> DataFrame:
    """Who agreed to research: customer, serialnumber, since; one row each."""
    return governing_consents(customers, policy.as_of_ms).select(
        "customer", "serialnumber", F.col("sharewithresearchasofdate").alias("since")
    )


def refusing_customers(customers: DataFrame, agreed: DataFrame) -> DataFrame:
    """Who does not agree, by a record that says so: customer, one row each. Who has no record is not among them.

    `agreed`: the same customers' `research_customers`.
    """
    known = customers.select(customer_key(F.col("email")).alias("customer")).where(F.col("customer") != "").distinct()
    return known.join(agreed.select("customer"), on="customer", how="left_anti")


def serial_owners(customers: DataFrame, agreed: DataFrame) -> DataFrame:
    """One row per serial that anybody was ever recorded with.

    `anyone_since`: when the first of these agreed; null: nobody does. `everyone_since`: when the last of them did;
    null: not all do. Any record of a customer counts, not the newest alone: the readings may date from when the older
    one was true. `agreed`: the same customers' `research_customers`.
    """
    owners = (
        customers.where(F.col("serialnumber").isNotNull())
        .select("serialnumber", customer_key(F.col("email")).alias("customer"))
        .distinct()
    )
    everyone_agrees = F.count("since") == F.count(F.lit(1))
    return (
        owners.join(agreed.select("customer", "since"), on="customer", how="left")
        .groupBy("serialnumber")
        .agg(
            F.min("since").alias("anyone_since"),
            F.when(everyone_agrees, F.max("since")).alias("everyone_since"),
        )
    )
