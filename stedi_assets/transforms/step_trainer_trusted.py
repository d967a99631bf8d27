"""step_trainer_trusted: readings whose serial is in customers_curated."""

from pyspark.sql import DataFrame

from stedi_assets.contracts import STEP_TRAINER_TRUSTED


def step_trainer_trusted(step_trainer_landing: DataFrame, customers_curated: DataFrame) -> DataFrame:
    """Each distinct reading of a curated customer's step trainer, once (grain: reading).

    A semi-join: a serial that many customers share (the fulfilment defect) multiplies no reading.
    """
    return (
        step_trainer_landing.join(customers_curated.select("serialnumber"), on="serialnumber", how="left_semi")
        .select(*STEP_TRAINER_TRUSTED.column_names)
        .distinct()
    )
