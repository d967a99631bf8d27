"""The trusted and curated tables: which transform makes which table. A new table is one line here."""

from stedi_assets.assets.table_asset import table_asset
from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CUSTOMER_TRUSTED,
    CUSTOMERS_CURATED,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets.transforms.accelerometer_trusted import accelerometer_trusted
from stedi_assets.transforms.customer_trusted import customer_trusted
from stedi_assets.transforms.customers_curated import customers_curated
from stedi_assets.transforms.machine_learning_curated import machine_learning_curated
from stedi_assets.transforms.step_trainer_trusted import step_trainer_trusted

tables = [
    table_asset(CUSTOMER_TRUSTED, customer_trusted),
    table_asset(ACCELEROMETER_TRUSTED, accelerometer_trusted),
    table_asset(CUSTOMERS_CURATED, customers_curated),
    table_asset(STEP_TRAINER_TRUSTED, step_trainer_trusted),
    table_asset(MACHINE_LEARNING_CURATED, machine_learning_curated),
]
