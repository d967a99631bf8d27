"""The landing tables and their quarantine: one asset step for all four, as they are only sound together."""

from dagster import AssetExecutionContext, AssetOut, ResourceParam, multi_asset

from stedi_assets.assets.metadata import KINDS, OWNERS, check_specs, declared, key_of
from stedi_assets.assets.publishing import Results, publish_if_sound
from stedi_assets.assets.raw import raw_key, tell_what_lies
from stedi_assets.assets.withdrawal import tell_who_withdrew
from stedi_assets.building.landing import build_landing
from stedi_assets.building.versions import code_version
from stedi_assets.contracts import CONTRACTS, LANDING_QUARANTINE, SOURCES
from stedi_assets.lakehouse.lakehouse import Lakehouse

LANDING_CONTRACTS = tuple(contract for contract in CONTRACTS if contract.zone == "landing")


@multi_asset(
    name="landing",
    outs={
        contract.table: AssetOut(
            key=key_of(contract),
            description=contract.description,
            group_name=contract.zone,
            owners=OWNERS,
            kinds=KINDS,
            metadata=declared(contract),
            io_manager_key="tables",
            code_version=code_version(),
        )
        for contract in LANDING_CONTRACTS
    },
    deps=[raw_key(source) for source in SOURCES],
    internal_asset_deps={
        **{contract.table: {raw_key(source)} for source, contract in SOURCES.items()},
        LANDING_QUARANTINE.table: {raw_key(source) for source in SOURCES},
    },
    check_specs=[spec for contract in LANDING_CONTRACTS for spec in check_specs(contract)],
    hooks={tell_who_withdrew},
)
def landing(context: AssetExecutionContext, lakehouse: ResourceParam[Lakehouse]) -> Results:
    """Splits what landed into rows and quarantined records; publishes the four tables once all are sound.

    Each is published by a commit of its own, the quarantine first; only a run that dies between two of them leaves
    some old and some new, and the next one mends it.
    """
    yield from publish_if_sound(
        context, lakehouse, "landing", lambda: build_landing(lakehouse, lambda listed: tell_what_lies(context, listed))
    )
