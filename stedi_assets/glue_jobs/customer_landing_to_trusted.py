"""Glue job: customer_trusted, the customers who agreed to research, from customer_landing."""

from stedi_assets.building.table import build_table
from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.glue_jobs.job import run_job
from stedi_assets.transforms.customer_trusted import customer_trusted

if __name__ == "__main__":
    run_job(lambda lakehouse: [build_table(lakehouse, CUSTOMER_TRUSTED, customer_trusted)])
