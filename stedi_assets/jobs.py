"""The jobs. One: everything, from the landing zone to the training table."""

from dagster import AssetSelection, define_asset_job, in_process_executor

stedi_lakehouse = define_asset_job(
    "stedi_lakehouse",
    selection=AssetSelection.all(),
    description="All tables, from the landing zone to machine_learning_curated: staged, audited, published.",
    executor_def=in_process_executor,
)
