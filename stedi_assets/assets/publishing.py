"""Build, audit, hand over: the steps between a transform and a published table, for every asset.

Here: the order of these steps and what happens when an audit fails. Not here: how a table comes by its audited rows
(`building`), the job that does all of it on AWS Glue (`by_glue`).

Dagster records a materialization even when a blocking check fails, and stops only what is downstream. So the audit
runs inside the asset's own step: a failed one ends the step before there is anything to publish or to record.
"""

from collections.abc import Callable, Iterator, Sequence

from dagster import AssetCheckResult, AssetExecutionContext, Failure, MaterializeResult, MetadataValue

from stedi_assets.assets.by_glue import publish_by_job
from stedi_assets.assets.metadata import check_result, key_of, lineage
from stedi_assets.audits import Verdict
from stedi_assets.building.audited import Audited, preview, refusal, verdicts_of_unpublished
from stedi_assets.lakehouse.engines.errors import losing
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Published, Staged
from stedi_assets.landing.folder import LandingError
from stedi_assets.settings import GLUE

Results = Iterator[MaterializeResult[Staged | Published] | AssetCheckResult]


def publish_if_sound(
    context: AssetExecutionContext, lakehouse: Lakehouse, script: str, build: Callable[[], Sequence[Audited]]
) -> Results:
    """Builds and audits; yields the tables for publication only if every blocking check of every one passed.

    `script` names the Glue job that does the same, where the engine is Glue. Raises PublicationRefusedError before the
    first of several tables is published if any of them could not be, and Failure, not to be retried, that names the
    failed checks. What was staged and not published is deleted when the run ends.
    """
    if lakehouse.settings.engine == GLUE:
        yield from publish_by_job(context, lakehouse, script)
        return
    with losing(lakehouse.settings.engine):
        try:
            audited = build()
        except LandingError as error:
            raise Failure(description=str(error), allow_retries=False) from None
        context.log.info("staged and audited: %s", ", ".join(table.contract.table for table in audited))
        if refused := refusal(audited):
            yield from map(check_result, verdicts_of_unpublished(audited))
            raise failure(*refused)
        for table in audited:
            lakehouse.tables.refuse_if_stale(table.staged)
        for table in audited:
            yield MaterializeResult(
                asset_key=key_of(table.contract),
                value=table.staged,
                metadata={
                    **lineage(table.contract),
                    "stedi/preview": MetadataValue.md(preview(lakehouse, table.staged)),
                },
                check_results=[check_result(verdict) for verdict in table.verdicts],
            )


def failure(said: str, blocked: Sequence[Verdict]) -> Failure:
    """The end of a step whose tables are not published."""
    return Failure(
        description=said,
        metadata={"stedi/failed_checks": MetadataValue.json([f"{v.table}.{v.check}" for v in blocked])},
        allow_retries=False,
    )
