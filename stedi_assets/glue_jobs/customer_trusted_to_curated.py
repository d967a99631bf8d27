"""Glue job: customers_curated, the trusted customers with motion readings, from customer_trusted."""

from stedi_assets.building.table import build_table
from stedi_assets.contracts import CUSTOMERS_CURATED
from stedi_assets.glue_jobs.job import run_job
from stedi_assets.transforms.customers_curated import customers_curated

if __name__ == "__main__":
    run_job(lambda lakehouse: [build_table(lakehouse, CUSTOMERS_CURATED, customers_curated)])
