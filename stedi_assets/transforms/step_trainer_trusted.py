"""step_trainer_trusted: readings whose serial is in customers_curated."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stedi_assets.contracts import STEP_TRAINER_TRUSTED
from stedi_assets.policy import Policy
from stedi_assets.transforms.consent import covers, research_customers, serial_owners


def step_trainer_trusted(
    step_trainer_landing: DataFrame, customers_curated: DataFrame, customer_landing: DataFrame, policy: Policy
) -> DataFrame:
    """Each distinct reading of a curated customer's step trainer that the consent covers, once (grain: reading).

    A serial that many customers share (the fulfilment defect) multiplies no reading: it is covered from the first of
    their consents on, or, where only unambiguous serials count, once everyone who has it agrees.
    """
    taken = F.col("sensorreadingtime")
    curated = customers_curated.groupBy("serialnumber").agg(F.min("sharewithresearchasofdate").alias("since"))
    covered = step_trainer_landing.join(curated, on="serialnumber", how="inner").where(
        covers(F.col("since"), taken, policy)
    )
    if policy.serials == "unambiguous":
        agreed = research_customers(customer_landing, policy)
        owners = serial_owners(customer_landing, agreed).where(F.col("everyone_since").isNotNull())
        covered = covered.join(owners, on="serialnumber", how="inner").where(
            covers(F.col("everyone_since"), taken, policy)
        )
    return covered.select(*STEP_TRAINER_TRUSTED.column_names).distinct()
