"""What a table's asset does when its step fails: it tells who has withdrawn from what stays published.

Here: that one hook. Not here: what a failed audit stops (`publishing`), taking people out (`erasure`).

A failed check leaves an older version of a table to readers, and with it customers who have withdrawn since. Their
number is a check result of that table, of the run that failed, whichever step it failed in.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dagster import AssetCheckEvaluation, DagsterEvent, DagsterEventType, HookContext, failure_hook

from stedi_assets.assets.metadata import check_result, key_of
from stedi_assets.audits import WITHDRAWN, Audit, Verdict, withdrawn_check
from stedi_assets.audits.views import consent_views
from stedi_assets.contracts import CONTRACTS, contract_of
from stedi_assets.lakehouse.publication import RUN_ID, NeverPublishedError
from stedi_assets.lakehouse.resource import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@failure_hook(required_resource_keys={"lakehouse"})
def tell_who_withdrew(context: HookContext) -> None:
    """Records the check `withdrawn_since` for every table that this run did not publish."""
    for verdict in withdrawn_from_published(context.resources.lakehouse, context.run_id):
        context.instance.report_dagster_event(
            DagsterEvent(
                event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION.value,
                job_name=context.job_name,
                message=f"{WITHDRAWN}: {verdict.actual} in what stays published of {verdict.table}",
                event_specific_data=_evaluation(verdict),
            ),
            run_id=context.run_id,
        )


def withdrawn_from_published(lakehouse: Lakehouse, run_id: str) -> Iterator[Verdict]:
    """For each trusted or curated table that another run published: who in it no longer agrees, by all that landed."""
    from stedi_assets.erasure.people import current_records

    customers: DataFrame | None = None
    for contract in (contract for contract in CONTRACTS if contract.zone != "landing"):
        try:
            published = lakehouse.tables.published(contract)
        except NeverPublishedError:
            continue
        if published.summary.get(RUN_ID) == run_id:
            continue
        customers = current_records(lakehouse) if customers is None else customers
        views = {
            "staged": lakehouse.tables.read_published(contract, published),
            **consent_views(contract, customers, lakehouse.policy, lambda: lakehouse.pseudonym_key),
        }
        yield from Audit(contract, views, lakehouse.policy.sql_parameters).answers([withdrawn_check(contract)])


def _evaluation(verdict: Verdict) -> AssetCheckEvaluation:
    """The verdict's check result as the event that a step would make of it."""
    result = check_result(verdict)
    return AssetCheckEvaluation(
        asset_key=key_of(contract_of(verdict.table)),
        check_name=verdict.check,
        passed=result.passed,
        severity=result.severity,
        metadata=result.metadata,
    )
