"""Stage, audit, hand over: the steps between a transform and a published table, for every asset.

Here: the order of these steps and what happens when an audit fails. Not here: how one asset comes by its rows
(`table_asset`, `landing`).

Dagster records a materialization even when a blocking check fails, and stops only what is downstream. So the audit
runs inside the asset's own step: a failed one ends the step before there is anything to publish or to record.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dagster import AssetCheckResult, Failure, MaterializeResult, MetadataValue

from stedi_assets.assets.metadata import check_result, key_of, lineage, preview
from stedi_assets.audits import WITHDRAWN, Audit, Verdict
from stedi_assets.lakehouse.publication import Staged
from stedi_assets.lakehouse.resource import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def publish_if_sound(
    lakehouse: Lakehouse, staged: Sequence[Staged], views: Mapping[str, Mapping[str, "DataFrame"]]
) -> Iterator[MaterializeResult[Staged] | AssetCheckResult]:
    """Audits what was staged; yields it for publication only if every blocking check of every table passed.

    `views`: by table, what its checks read. Raises PublicationRefusedError before the first of several tables is
    published if any of them could not be, and Failure, not to be retried, that names the failed checks. What was
    staged and not published is deleted when the run ends.
    """
    verdicts = {table.contract.table: _audit(lakehouse, table, views[table.contract.table]) for table in staged}
    blocked = [verdict for found in verdicts.values() for verdict in found if verdict.blocks]
    if blocked:
        for found in verdicts.values():
            # Of what stays published, not of what does not become so: the run's failure hook tells it.
            yield from (check_result(verdict) for verdict in found if verdict.check != WITHDRAWN)
        raise _failure(staged, blocked)
    for table in staged:
        lakehouse.tables.refuse_if_stale(table)
    for table in staged:
        yield _result(lakehouse, table, verdicts[table.contract.table])


def _audit(lakehouse: Lakehouse, staged: Staged, views: Mapping[str, "DataFrame"]) -> list[Verdict]:
    expectations = lakehouse.spark.createDataFrame(list(lakehouse.expectations.items()), "name string, n bigint")
    parameters = {
        **lakehouse.policy.sql_parameters,
        "max_quarantine_share": str(lakehouse.settings.max_quarantine_share),
    }
    here = {**views, "expectations": expectations, "staged": lakehouse.tables.read_staged(staged)}
    return Audit(staged.contract, here, parameters).verdicts()


def _result(lakehouse: Lakehouse, staged: Staged, verdicts: Sequence[Verdict]) -> MaterializeResult[Staged]:
    return MaterializeResult(
        asset_key=key_of(staged.contract),
        value=staged,
        metadata={
            **lineage(staged.contract),
            **preview(staged.contract, lakehouse.tables.read_staged(staged)),
        },
        check_results=[check_result(verdict) for verdict in verdicts],
    )


def _failure(staged: Sequence[Staged], blocked: Sequence[Verdict]) -> Failure:
    said = "; ".join(f"{v.table}: {v.check} expected {v.expected}, found {v.actual}" for v in blocked)
    tables = ", ".join(table.contract.table for table in staged)
    return Failure(
        description=f"not published: {tables}. Failed: {said}. What readers see of them is unchanged",
        metadata={"stedi/failed_checks": MetadataValue.json([f"{v.table}.{v.check}" for v in blocked])},
        allow_retries=False,
    )
