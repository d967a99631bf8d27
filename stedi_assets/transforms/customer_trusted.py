"""customer_trusted: customers who agreed to research."""

from pyspark.sql import DataFrame

from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.policy import Policy
from stedi_assets.transforms.consent import governing_consents


def customer_trusted(customer_landing: DataFrame, policy: Policy) -> DataFrame:
    """One row per customer who agreed to research: the newest record (grain: customer)."""
    return governing_consents(customer_landing, policy.as_of_ms).select(*CUSTOMER_TRUSTED.column_names)
