"""customers_curated: customers in customer_trusted who have accelerometer data."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import CUSTOMERS_CURATED
from stedi_assets.transforms.consent import customer_key


def customers_curated(customer_trusted: DataFrame, accelerometer_trusted: DataFrame) -> DataFrame:
    """The trusted customers with at least one trusted accelerometer reading (grain: customer)."""
    moving = accelerometer_trusted.select(customer_key(F.col("user")).alias("customer"))
    return (
        customer_trusted.withColumn("customer", customer_key(F.col("email")))
        .join(moving, on="customer", how="left_semi")
        .select(*CUSTOMERS_CURATED.column_names)
    )
