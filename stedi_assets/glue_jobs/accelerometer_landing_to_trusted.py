"""Glue job: accelerometer_trusted, the motion readings of trusted customers, from accelerometer_landing."""

from stedi_assets.building.table import build_table
from stedi_assets.contracts import ACCELEROMETER_TRUSTED
from stedi_assets.glue_jobs.job import run_job
from stedi_assets.transforms.accelerometer_trusted import accelerometer_trusted

if __name__ == "__main__":
    run_job(lambda lakehouse: [build_table(lakehouse, ACCELEROMETER_TRUSTED, accelerometer_trusted)])
