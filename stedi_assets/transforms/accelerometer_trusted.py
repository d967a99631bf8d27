"""accelerometer_trusted: readings whose user is in customer_trusted."""

from pyspark.sql import DataFrame, Window
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
    # Which spelling stands is told by a number: an address for each of millions of readings takes memory, and time.
    spellings = (
        accelerometer_landing.select("user")
        .distinct()
        .withColumn("customer", customer_key(F.col("user")))
        .join(trusted, on="customer", how="inner")  # a customer has one row: nothing is multiplied
        .withColumn("spelling", F.row_number().over(Window.partitionBy("customer").orderBy("user")))
    )
    readings = (
        spellings.join(accelerometer_landing, on="user", how="inner")
        .where(covers(F.col("since"), F.col("timestamp"), policy))
        .groupBy("customer", "timestamp", "x", "y", "z")
        .agg(F.min("spelling").alias("spelling"))
    )
    spelled = spellings.select("customer", "spelling", "user").join(readings, on=["customer", "spelling"], how="inner")
    return spelled.select(*ACCELEROMETER_TRUSTED.column_names)
