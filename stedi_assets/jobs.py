"""The jobs: everything from the landing zone to the training table, pictures of it, upkeep, and erasure."""

from dagster import AssetSelection, define_asset_job, in_process_executor, job

from stedi_assets.assets.insight import INSIGHT
from stedi_assets.assets.upkeep import UPKEEP
from stedi_assets.contracts import CONTRACTS
from stedi_assets.ops import forget

stedi_lakehouse = define_asset_job(
    "stedi_lakehouse",
    selection=AssetSelection.groups(*dict.fromkeys(contract.zone for contract in CONTRACTS)),
    description="All tables, from the landing zone to machine_learning_curated: staged, audited, published.",
    executor_def=in_process_executor,
)

stedi_insight = define_asset_job(
    "stedi_insight",
    selection=AssetSelection.groups(INSIGHT),
    description="Plots of what is published, and the dashboard of its checks.",
    executor_def=in_process_executor,
)

stedi_upkeep = define_asset_job(
    "stedi_upkeep",
    selection=AssetSelection.groups(UPKEEP),
    description="Upkeep: tables audited, small files compacted, old versions and branches expired, orphans deleted.",
    executor_def=in_process_executor,
)


@job(executor_def=in_process_executor, description="Erasure: one request by its id, or `withdrawn`.")
def stedi_forget() -> None:
    """Run by `stedi forget`; by hand with the id of a request that was interrupted."""
    forget()
