"""What a table's asset does when its step fails: it tells who has withdrawn from what stays published.

Here: telling Dagster. Not here: who that is (`building.withdrawal`), what a failed audit stops (`publishing`).

Their number is a check result of each table that stays, of the run that failed, whichever step it failed in.
"""

from dagster import AssetCheckEvaluation, DagsterEvent, DagsterEventType, HookContext, failure_hook

from stedi_assets.assets.metadata import check_result, key_of
from stedi_assets.audits import WITHDRAWN, Verdict
from stedi_assets.building.withdrawal import withdrawn_from_published
from stedi_assets.contracts import contract_of
from stedi_assets.settings import GLUE


@failure_hook(required_resource_keys={"lakehouse"})
def tell_who_withdrew(context: HookContext) -> None:
    """Records the check `withdrawn_since` for every table that this run did not publish.

    Not where the engine is Glue: who starts jobs may read no rows, and no job may read all that is asked here.
    """
    lakehouse = context.resources.lakehouse
    if lakehouse.settings.engine == GLUE:
        context.log.warning("who withdrew from what stays published is told by: stedi forget --withdrawn")
        return
    for verdict in withdrawn_from_published(lakehouse, context.run_id):
        context.instance.report_dagster_event(
            DagsterEvent(
                event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION.value,
                job_name=context.job_name,
                message=f"{WITHDRAWN}: {verdict.actual} in what stays published of {verdict.table}",
                event_specific_data=_evaluation(verdict),
            ),
            run_id=context.run_id,
        )


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
