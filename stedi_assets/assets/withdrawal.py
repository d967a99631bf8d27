"""What a table's asset does when its step fails: it tells who has withdrawn from what stays published.

Here: telling Dagster. Not here: who that is (`building.withdrawal`), what a failed audit stops (`publishing`).

Their number is a check result of each table that stays, of the run that failed, whichever step it failed in.
"""

from collections.abc import Iterable

from dagster import AssetCheckEvaluation, DagsterEvent, DagsterEventType, DagsterInstance, HookContext, failure_hook

from stedi_assets.assets.metadata import check_result, key_of
from stedi_assets.audits import WITHDRAWN, Verdict
from stedi_assets.building.withdrawal import withdrawn_from_published
from stedi_assets.contracts import contract_of
from stedi_assets.settings import GLUE


@failure_hook(required_resource_keys={"lakehouse"})
def tell_who_withdrew(context: HookContext) -> None:
    """Records the check `withdrawn_since` for every table that this run did not publish.

    Where the engine is Glue, the job that failed has told it.
    """
    lakehouse = context.resources.lakehouse
    if lakehouse.settings.engine != GLUE:
        verdicts = withdrawn_from_published(lakehouse, context.run_id)
        report(verdicts, context.instance, context.job_name, context.run_id)


def report(verdicts: Iterable[Verdict], instance: DagsterInstance, job_name: str, run_id: str) -> None:
    """Records verdicts on tables that the failing step is not about, too."""
    for verdict in verdicts:
        instance.report_dagster_event(
            DagsterEvent(
                event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION.value,
                job_name=job_name,
                message=f"{WITHDRAWN}: {verdict.actual} in what stays published of {verdict.table}",
                event_specific_data=_evaluation(verdict),
            ),
            run_id=run_id,
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
