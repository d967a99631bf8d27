"""A table as an asset: made from its contract and its transform.

Here: how a trusted or curated table is declared, the same for each. Not here: how it is built (`building.table`).
"""

from typing import Any

from dagster import AssetExecutionContext, AssetIn, AssetsDefinition, ResourceParam, asset

from stedi_assets.assets.metadata import KINDS, OWNERS, check_specs, declared, key_of
from stedi_assets.assets.publishing import Results, publish_if_sound
from stedi_assets.assets.withdrawal import tell_who_withdrew
from stedi_assets.building.table import Transform, build_table, tables_read_by
from stedi_assets.building.versions import code_version
from stedi_assets.contracts import Contract, contract_of
from stedi_assets.lakehouse.lakehouse import Lakehouse


def table_asset(contract: Contract, transform: Transform) -> AssetsDefinition:
    """The asset of a table. The transform's parameters name the tables that it reads; `policy` and
    `pseudonym_key` are the run's."""

    @asset(
        key=key_of(contract),
        ins={name: AssetIn(key=key_of(contract_of(name))) for name in tables_read_by(transform)},
        description=contract.description,
        group_name=contract.zone,
        owners=OWNERS,
        kinds=KINDS,
        metadata=declared(contract),
        check_specs=check_specs(contract),
        code_version=code_version(),
        hooks={tell_who_withdrew},
        io_manager_key="tables",
    )
    def build(context: AssetExecutionContext, lakehouse: ResourceParam[Lakehouse], **upstream: Any) -> Results:
        yield from publish_if_sound(
            context, lakehouse, contract.table, lambda: [build_table(lakehouse, contract, transform, upstream)]
        )

    return build
