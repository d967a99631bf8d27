"""machine_learning_curated: step trainer readings with the accelerometer readings of the same timestamp."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import MACHINE_LEARNING_CURATED
from stedi_assets.transforms.consent import customer_key


def machine_learning_curated(
    step_trainer_trusted: DataFrame, accelerometer_trusted: DataFrame, customers_curated: DataFrame
) -> DataFrame:
    """Each trusted step reading with each trusted accelerometer reading of its timestamp (grain: that pair).

    `same_customer` is true where the accelerometer's user is a customer who has the step reading's serial. A
    customer has one row, hence one serial: the join that finds out multiplies nothing.
    """
    owners = customers_curated.select(
        F.col("serialnumber").alias("owned_serial"), customer_key(F.col("email")).alias("owner")
    )
    pairs = step_trainer_trusted.join(
        accelerometer_trusted, on=F.col("sensorreadingtime") == F.col("timestamp"), how="inner"
    )
    owner_of_both = (F.col("owned_serial") == F.col("serialnumber")) & (F.col("owner") == customer_key(F.col("user")))
    return (
        pairs.join(owners, on=owner_of_both, how="left")
        .withColumn("same_customer", F.col("owner").isNotNull())
        .select(*MACHINE_LEARNING_CURATED.column_names)
    )
