"""Build, audit, hand over: the steps between a transform and a published table, for every asset.

Here: the order of these steps and what happens when an audit fails. Not here: how a table comes by its audited rows
(`building`), the job that does all of it on AWS Glue (`by_glue`).

Dagster records a materialization even when a blocking check fails, and stops only what is downstream. So the audit
runs inside the asset's own step: a failed one ends the step before there is anything to publish or to record.
"""

from collections.abc import Callable, Iterator, Sequence

from dagster import AssetCheckResult, AssetExecutionContext, MaterializeResult

from stedi_assets.assets.by_glue import publish_by_job
from stedi_assets.assets.metadata import check_result, failure, result_of
from stedi_assets.building.audited import Audited, Built, NotPublishedError, named, preview, refuse_unsound
from stedi_assets.lakehouse.engines.errors import anew_if_undecoded, losing
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Published, Staged
from stedi_assets.landing.folder import LandingError
from stedi_assets.settings import GLUE

Results = Iterator[MaterializeResult[Staged | Published] | AssetCheckResult]


def publish_if_sound(
    context: AssetExecutionContext, lakehouse: Lakehouse, script: str, build: Callable[[], Sequence[Built]]
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
            with lakehouse.tables.naming_damage():
                built, previews = anew_if_undecoded(lambda: _with_previews(lakehouse, build()), context.log.warning)
        except LandingError as error:
            raise failure(str(error)) from None
        context.log.info(named(built))
        try:
            refuse_unsound(lakehouse, built)
        except NotPublishedError as error:
            yield from map(check_result, error.told)
            raise failure(str(error), error.blocked) from None
        for table, shown in zip(built, previews, strict=True):
            is_new = isinstance(table, Audited)
            value = table.staged if isinstance(table, Audited) else table.published
            yield result_of(table.contract, value, shown, table.verdicts, is_new)


def _with_previews(lakehouse: Lakehouse, built: Sequence[Built]) -> tuple[Sequence[Built], list[str]]:
    def is_sound(table: Built) -> bool:
        return not any(verdict.blocks for verdict in table.verdicts)

    return built, [preview(lakehouse, table) if is_sound(table) else "" for table in built]
