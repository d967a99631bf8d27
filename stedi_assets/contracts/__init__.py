"""One contract per table, and the list of them all in the order in which they are built.

A new table is one module here and one line in `CONTRACTS`. What a contract is made of stands in `model`.
"""

from stedi_assets.contracts.accelerometer_landing import ACCELEROMETER_LANDING
from stedi_assets.contracts.accelerometer_trusted import ACCELEROMETER_TRUSTED
from stedi_assets.contracts.customer_landing import CUSTOMER_LANDING
from stedi_assets.contracts.customer_trusted import CUSTOMER_TRUSTED
from stedi_assets.contracts.customers_curated import CUSTOMERS_CURATED
from stedi_assets.contracts.landing_quarantine import LANDING_QUARANTINE
from stedi_assets.contracts.machine_learning_curated import MACHINE_LEARNING_CURATED
from stedi_assets.contracts.model import Column, Contract
from stedi_assets.contracts.step_trainer_landing import STEP_TRAINER_LANDING
from stedi_assets.contracts.step_trainer_trusted import STEP_TRAINER_TRUSTED

CONTRACTS: tuple[Contract, ...] = (
    CUSTOMER_LANDING,
    ACCELEROMETER_LANDING,
    STEP_TRAINER_LANDING,
    LANDING_QUARANTINE,
    CUSTOMER_TRUSTED,
    ACCELEROMETER_TRUSTED,
    CUSTOMERS_CURATED,
    STEP_TRAINER_TRUSTED,
    MACHINE_LEARNING_CURATED,
)

# A source's name is its folder in the landing zone.
SOURCES: dict[str, Contract] = {
    "customer": CUSTOMER_LANDING,
    "accelerometer": ACCELEROMETER_LANDING,
    "step_trainer": STEP_TRAINER_LANDING,
}


def contract_of(table: str) -> Contract:
    """The contract of a table. Raises KeyError for a name that is none."""
    return _BY_TABLE[table]


_BY_TABLE = {contract.table: contract for contract in CONTRACTS}

__all__ = [
    "ACCELEROMETER_LANDING",
    "ACCELEROMETER_TRUSTED",
    "CONTRACTS",
    "CUSTOMERS_CURATED",
    "CUSTOMER_LANDING",
    "CUSTOMER_TRUSTED",
    "LANDING_QUARANTINE",
    "MACHINE_LEARNING_CURATED",
    "SOURCES",
    "STEP_TRAINER_LANDING",
    "STEP_TRAINER_TRUSTED",
    "Column",
    "Contract",
    "contract_of",
]
