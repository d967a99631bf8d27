"""What checks are told of consent: who agreed, and whose serial is whose.

Here: the rule's own answer (`transforms.consent`) as the views that checks name. Not here: the recounts, which find the
same by another way (`contracts.consenting`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from stedi_assets.contracts import Contract
from stedi_assets.policy import Policy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def consent_views(
    contract: Contract, customers: "DataFrame", policy: Policy, pseudonym_key: "Callable[[], DataFrame]"
) -> "dict[str, DataFrame]":
    """`research_customers` and `serial_owners`, by pseudonyms too where the table leads to people by these."""
    from pyspark.sql import functions as F

    from stedi_assets.transforms.consent import research_customers, serial_owners
    from stedi_assets.transforms.pseudonyms import DEVICE, SUBJECT, with_pseudonyms

    agreed, owners = research_customers(customers, policy), serial_owners(customers, policy)
    if contract.subject_column:
        key, device = pseudonym_key(), (DEVICE, F.col("serialnumber"))
        agreed = with_pseudonyms(agreed, key, subject_id=(SUBJECT, F.col("customer")), device_id=device)
        owners = with_pseudonyms(owners, key, device_id=device)
    return {"research_customers": agreed, "serial_owners": owners}
