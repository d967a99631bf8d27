"""Who has withdrawn from what stays published when a run fails.

A failed check leaves an older version of a table to readers, and with it customers who have withdrawn since. Here: how
many, table by table. Not here: telling Dagster (`assets.withdrawal`), taking them out (`erasure`).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stedi_assets.audits import Audit, Verdict, withdrawn_check
from stedi_assets.audits.views import consent_views
from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import RUN_ID

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def withdrawn_from_published(lakehouse: Lakehouse, run_id: str) -> Iterator[Verdict]:
    """For each trusted or curated table that another run published: who in it no longer agrees, by all that landed.

    Raises KeyFileError.
    """
    from stedi_assets.erasure.people import current_records

    customers: DataFrame | None = None
    for contract in (contract for contract in CONTRACTS if contract.zone != "landing"):
        published = lakehouse.tables.find_published(contract)
        if published is None or published.summary.get(RUN_ID) == run_id:
            continue
        customers = current_records(lakehouse) if customers is None else customers
        views = {
            "staged": lakehouse.tables.read_published(contract, published),
            **consent_views(contract, customers, lakehouse.policy, lambda: lakehouse.pseudonym_key),
        }
        yield from Audit(contract, views, lakehouse.policy.sql_parameters).answers([withdrawn_check(contract)])
