"""machine_learning_curated: step trainer readings with the accelerometer readings of the same timestamp."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import MACHINE_LEARNING_CURATED
from stedi_assets.policy import Policy
from stedi_assets.transforms.consent import customer_key
from stedi_assets.transforms.pseudonyms import DEVICE, SUBJECT, with_pseudonyms


def machine_learning_curated(
    step_trainer_trusted: DataFrame,
    accelerometer_trusted: DataFrame,
    customers_curated: DataFrame,
    pseudonym_key: DataFrame,
    policy: Policy,
) -> DataFrame:
    """Each trusted step reading with each trusted accelerometer reading of its timestamp (grain: that pair).

    `same_customer` is true where the accelerometer's user is a customer who has the step reading's serial. A
    customer has one row, hence one serial: the join that finds out multiplies nothing.
    """
    owners = customers_curated.select(
        F.col("serialnumber").alias("owned_serial"), customer_key(F.col("email")).alias("owner")
    )
    # Hashed per person and per device, not per reading: there are some hundred readings to each.
    subjects = with_pseudonyms(
        accelerometer_trusted.select("user").distinct(),
        pseudonym_key,
        subject_id=(SUBJECT, customer_key(F.col("user"))),
    )
    devices = with_pseudonyms(
        step_trainer_trusted.select("serialnumber").distinct(),
        pseudonym_key,
        device_id=(DEVICE, F.col("serialnumber")),
    )
    pairs = step_trainer_trusted.join(
        accelerometer_trusted, on=F.col("sensorreadingtime") == F.col("timestamp"), how="inner"
    )
    # The few to the left: that side the embedded engine holds in memory where it does not know how many there are.
    known = devices.join(subjects.join(pairs, on="user", how="inner"), on="serialnumber", how="inner")
    owner_of_both = (F.col("owned_serial") == F.col("serialnumber")) & (F.col("owner") == customer_key(F.col("user")))
    training = (
        owners.join(known, on=owner_of_both, how="right")
        .withColumn("same_customer", F.col("owner").isNotNull())
        .select(*MACHINE_LEARNING_CURATED.column_names)
    )
    return _unless_too_few(training, policy.minimum_subjects)


def _unless_too_few(training: DataFrame, minimum_subjects: int) -> DataFrame:
    """No rows where there are fewer subjects than that: among few, one is easily told from the others."""
    if minimum_subjects == 0:
        return training
    enough = training.agg(F.countDistinct("subject_id").alias("subjects")).where(F.col("subjects") >= minimum_subjects)
    return training.crossJoin(enough).drop("subjects")
