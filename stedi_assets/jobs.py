"""The jobs: everything from the landing zone to the training table, pictures of it, and erasure."""

from dagster import AssetSelection, define_asset_job, in_process_executor, job

from stedi_assets.ops import forget

stedi_lakehouse = define_asset_job(
    "stedi_lakehouse",
    selection=AssetSelection.groups("landing", "trusted", "curated"),
    description="All tables, from the landing zone to machine_learning_curated: staged, audited, published.",
    executor_def=in_process_executor,
)

stedi_insight = define_asset_job(
    "stedi_insight",
    selection=AssetSelection.groups("insight"),
    description="Plots of what is published, and the dashboard of its checks.",
    executor_def=in_process_executor,
)


@job(executor_def=in_process_executor, description="Erasure: one request by its id, or `withdrawn`.")
def stedi_forget() -> None:
    """Run by `stedi forget`; by hand with the id of a request that was interrupted."""
    forget()
