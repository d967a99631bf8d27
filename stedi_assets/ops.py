"""Operations that build no table: erasure.

Here: erasure as Dagster runs it and what the UI is told of it. Not here: erasure itself (`erasure`).
"""

from typing import Any

from dagster import AssetObservation, Config, Failure, MetadataValue, OpExecutionContext, Output, ResourceParam, op
from pydantic import Field

from stedi_assets.assets.metadata import key_of
from stedi_assets.contracts import contract_of
from stedi_assets.lakehouse.engines.errors import losing
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.settings import GLUE

NOT_BY_GLUE = "no Glue job erases: use an engine here, embedded or spark (STEDI_ENGINE), with a role that may read all"


class ForgetConfig(Config):
    """Run configuration is kept: no address is ever in it."""

    request: str = Field(
        description="Id of a request that `stedi forget EMAIL` made, or `withdrawn`: everyone who no longer agrees."
    )
    rewrite_landing: bool = Field(
        default=False, description="Also rewrite objects of a landing zone that is not the home's own."
    )


@op(description="Erases a person, or everyone who no longer agrees, from every table, its history and the store.")
def forget(
    context: OpExecutionContext, config: ForgetConfig, lakehouse: ResourceParam[Lakehouse]
) -> Output[dict[str, Any]]:
    """The receipt. Each table that was published anew is recorded as observed.

    Not as materialized: the checks of the materialization before would count as not evaluated, and they hold still.
    """
    from stedi_assets.erasure.forget import forget as erase

    if lakehouse.settings.engine == GLUE:
        raise Failure(description=NOT_BY_GLUE, allow_retries=False)
    with losing(lakehouse.settings.engine), lakehouse.tables.naming_damage():
        receipt = erase(lakehouse, config.request, context.run_id, config.rewrite_landing)
    for table in receipt.tables:
        if table.snapshot_id is not None and table.snapshot_id != table.snapshot_before:
            context.log_event(
                AssetObservation(
                    key_of(contract_of(table.table)),
                    description=f"{table.rows_removed:,} rows erased",
                    metadata={
                        "dagster/row_count": table.rows or 0,
                        "stedi/snapshot_id": str(table.snapshot_id),
                        "stedi/erasure": config.request,
                    },
                )
            )
    content = receipt.as_json()
    return Output(content, metadata={"stedi/receipt": MetadataValue.json(_without_large_numbers(content))})


def _without_large_numbers(content: Any) -> Any:
    """Snapshot ids as text: the UI's language rounds numbers of that size."""
    if isinstance(content, dict):
        return {name: _without_large_numbers(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_large_numbers(value) for value in content]
    return str(content) if isinstance(content, int) and content > 2**53 else content
