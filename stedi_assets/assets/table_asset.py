"""A table as an asset: made from its contract and its transform.

Here: how a trusted or curated table is built, the same for each. Not here: the landing tables, which are read from
objects rather than computed from tables (`landing`).
"""

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dagster import AssetCheckResult, AssetExecutionContext, AssetIn, AssetsDefinition, MaterializeResult, asset

from stedi_assets.assets.metadata import KINDS, OWNERS, check_specs, declared, key_of
from stedi_assets.assets.publishing import publish_if_sound
from stedi_assets.assets.withdrawal import tell_who_withdrew
from stedi_assets.audits.views import consent_views
from stedi_assets.contracts import CUSTOMER_LANDING, SOURCES, Contract, contract_of
from stedi_assets.lakehouse.engines.errors import losing
from stedi_assets.lakehouse.publication import Staged
from stedi_assets.lakehouse.resource import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What a transform may ask for beside tables.
POLICY, PSEUDONYM_KEY = "policy", "pseudonym_key"


def table_asset(contract: Contract, transform: Callable[..., "DataFrame"]) -> AssetsDefinition:
    """The asset of a table. The transform's parameters name the tables that it reads; `policy` and
    `pseudonym_key` are the run's."""
    asked = tuple(inspect.signature(transform).parameters)
    inputs = tuple(name for name in asked if name not in (POLICY, PSEUDONYM_KEY))

    @asset(
        key=key_of(contract),
        ins={name: AssetIn(key=key_of(contract_of(name))) for name in inputs},
        description=contract.description,
        group_name=contract.zone,
        owners=OWNERS,
        kinds=KINDS,
        metadata=declared(contract),
        check_specs=check_specs(contract),
        hooks={tell_who_withdrew},
        io_manager_key="tables",
    )
    def build(
        context: AssetExecutionContext, lakehouse: Lakehouse, **upstream: Any
    ) -> Iterator[MaterializeResult[Staged] | AssetCheckResult]:
        with losing(lakehouse.settings.engine):
            given = {**upstream, POLICY: lakehouse.policy}
            if PSEUDONYM_KEY in asked:
                given[PSEUDONYM_KEY] = lakehouse.pseudonym_key
            landed = {
                source.table: upstream[source.table] if source.table in upstream else lakehouse.tables.read(source)
                for source in SOURCES.values()
            }
            staged = lakehouse.tables.stage(
                transform(**{name: given[name] for name in asked}), contract, upstream=(*inputs, *landed)
            )
            context.log.info("staged %s, %s bytes; auditing", contract.table, staged.bytes)
            views = {
                **landed,
                **upstream,
                **consent_views(
                    contract, landed[CUSTOMER_LANDING.table], lakehouse.policy, lambda: lakehouse.pseudonym_key
                ),
            }
            views |= {
                reference.table: lakehouse.tables.read(contract_of(reference.table))
                for reference in contract.references
                if reference.table not in views
            }
            yield from publish_if_sound(lakehouse, [staged], {contract.table: views})

    return build
