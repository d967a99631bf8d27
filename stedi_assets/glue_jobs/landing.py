"""Glue job: the landing tables and their quarantine, from the raw objects of the landing zone."""

from stedi_assets.building.landing import build_landing
from stedi_assets.glue_jobs.job import run_job

if __name__ == "__main__":
    run_job(build_landing)
