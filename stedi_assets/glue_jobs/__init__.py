"""Jobs for AWS Glue: one script a table, and one for the landing tables. Each is started by its own file.

`job` is what they share; `order` is what a job is told; `report` is what it tells Dagster. Here also: which script
builds what. No Dagster but its Pipes: a job is installed without it.
"""

# By what they build: a table, or `landing` for the four landing tables together.
SCRIPTS = {
    "landing": "landing",
    "customer_trusted": "customer_landing_to_trusted",
    "accelerometer_trusted": "accelerometer_landing_to_trusted",
    "customers_curated": "customer_trusted_to_curated",
    "step_trainer_trusted": "step_trainer_landing_to_trusted",
    "machine_learning_curated": "aggregation",
}


def job_name(built: str) -> str:
    """The Glue job that builds this. Raises KeyError for what none does."""
    return f"stedi-{SCRIPTS[built]}"
