"""What checks are told of people: who agreed, whose serial is whose, and which staged rows are of the erased.

Here: the rules' own answers (`transforms.consent`, `erasure.suppression`) as the views that checks name. Not here: the
recounts, which find the same by another way (`contracts.consenting`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from stedi_assets.audits.asking import anew
from stedi_assets.contracts import Contract
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.policy import Policy

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from stedi_assets.audits.asking import Once


def consent_views(
    contract: Contract,
    customers: "DataFrame",
    policy: Policy,
    pseudonym_key: "Callable[[], DataFrame]",
    once: "Once" = anew,
) -> "dict[str, DataFrame]":
    """`research_customers`, `refusing_customers`, `serial_owners`; by pseudonyms too where a table leads by these.

    `once` keeps them, as `asking` says; never with the pseudonyms, beside which there are addresses.
    """
    from pyspark.sql import functions as F

    from stedi_assets.transforms.consent import refusing_customers, research_customers, serial_owners
    from stedi_assets.transforms.pseudonyms import DEVICE, SUBJECT, with_pseudonyms

    agreed = once(("research_customers", customers, policy), lambda: research_customers(customers, policy))
    owners = once(("serial_owners", customers, policy), lambda: serial_owners(customers, agreed))
    refusing = once(("refusing_customers", customers, policy), lambda: refusing_customers(customers, agreed))
    if contract.subject_column:
        key, device = pseudonym_key(), (DEVICE, F.col("serialnumber"))
        subject = (SUBJECT, F.col("customer"))
        agreed = with_pseudonyms(agreed, key, subject_id=subject, device_id=device)
        refusing = with_pseudonyms(refusing, key, subject_id=subject)
        owners = with_pseudonyms(owners, key, device_id=device)
    return {"research_customers": agreed, "refusing_customers": refusing, "serial_owners": owners}


def rows_of_the_erased(contract: Contract, staged: "DataFrame", suppression: Suppression) -> "DataFrame":
    """`rows_of_the_erased`: one row (its place) for each staged row, or raw text, of someone who was erased."""
    if "raw" in contract.column_names:
        return _places_of(staged, ("source", "raw"), suppression.erased_records, suppression)
    judged = [name for name in (contract.email_column, contract.serial_column) if name]
    return _places_of(staged, judged, lambda batch: suppression.erased_rows(batch, contract), suppression)


def mentions_of_the_erased(quarantine: "DataFrame", suppression: Suppression) -> "DataFrame":
    """`mentions_of_the_erased`: the place of each quarantined record that mentions someone erased, whosever it is."""
    return _places_of(quarantine, ("source", "raw"), suppression.mentioning_records, suppression)


def _places_of(
    rows: "DataFrame",
    judged: "Sequence[str]",
    judge: "Callable[[pa.RecordBatch], pa.BooleanArray]",
    suppression: Suppression,
) -> "DataFrame":
    def recognised(batches: "Iterable[pa.RecordBatch]") -> "Iterable[pa.RecordBatch]":
        for batch in batches:
            yield batch.filter(judge(batch)).select(["source_offset"])

    if suppression.is_empty:
        return rows.limit(0).select("source_offset")
    return rows.select(*judged, "source_offset").mapInArrow(recognised, "source_offset bigint")
