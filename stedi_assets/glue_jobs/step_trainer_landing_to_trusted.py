"""Glue job: step_trainer_trusted, the step readings of curated customers, from step_trainer_landing."""

from stedi_assets.building.table import build_table
from stedi_assets.contracts import STEP_TRAINER_TRUSTED
from stedi_assets.glue_jobs.job import run_job
from stedi_assets.transforms.step_trainer_trusted import step_trainer_trusted

if __name__ == "__main__":
    run_job(lambda lakehouse: [build_table(lakehouse, STEP_TRAINER_TRUSTED, step_trainer_trusted)])
