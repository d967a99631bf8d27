"""Glue job: machine_learning_curated, the training table, from the trusted readings and their customers."""

from stedi_assets.building.table import build_table
from stedi_assets.contracts import MACHINE_LEARNING_CURATED
from stedi_assets.glue_jobs.job import run_job
from stedi_assets.transforms.machine_learning_curated import machine_learning_curated

if __name__ == "__main__":
    run_job(lambda lakehouse: [build_table(lakehouse, MACHINE_LEARNING_CURATED, machine_learning_curated)])
