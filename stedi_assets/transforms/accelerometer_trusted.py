"""accelerometer_trusted: readings whose user is in customer_trusted."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import ACCELEROMETER_TRUSTED
from stedi_assets.transforms.consent import customer_key


def accelerometer_trusted(accelerometer_landing: DataFrame, customer_trusted: DataFrame) -> DataFrame:
    """Each distinct reading of a trusted customer, once (grain: reading)."""
    trusted = customer_trusted.select(customer_key(F.col("email")).alias("customer"))
    return (
        accelerometer_landing.withColumn("customer", customer_key(F.col("user")))
        .join(trusted, on="customer", how="left_semi")
        .select(*ACCELEROMETER_TRUSTED.column_names)
        .distinct()
    )
