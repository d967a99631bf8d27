"""accelerometer_trusted: readings whose user is in customer_trusted."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import ACCELEROMETER_TRUSTED
from stedi_assets.policy import Policy
from stedi_assets.transforms.consent import covers, customer_key


def accelerometer_trusted(accelerometer_landing: DataFrame, customer_trusted: DataFrame, policy: Policy) -> DataFrame:
    """Each distinct reading of a trusted customer that the consent covers, once (grain: reading).

    A reading is of a customer, however the address is spelled: of two spellings one stands.
    """
    trusted = customer_trusted.select(
        customer_key(F.col("email")).alias("customer"), F.col("sharewithresearchasofdate").alias("since")
    )
    return (
        accelerometer_landing.withColumn("customer", customer_key(F.col("user")))
        .join(trusted, on="customer", how="inner")  # a customer has one row: nothing is multiplied
        .where(covers(F.col("since"), F.col("timestamp"), policy))
        .groupBy("customer", "timestamp", "x", "y", "z")
        .agg(F.min("user").alias("user"))
        .select(*ACCELEROMETER_TRUSTED.column_names)
    )
