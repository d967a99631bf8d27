"""Contract of customers_curated: the customers who agreed to research and have motion data."""

from stedi_assets.contracts.consenting import GOVERNING_RECORDS
from stedi_assets.contracts.customer_trusted import CUSTOMER_TRUSTED
from stedi_assets.contracts.model import Contract, Reference, carried_from

CUSTOMERS_CURATED = Contract(
    table="customers_curated",
    zone="curated",
    description="Customers in customer_trusted who have motion readings, one row each. "
    "Decides whose step readings may be used: those of the step trainers that these customers bought.",
    recount="SELECT count(*) FROM moving",
    grain=("email",),
    email_column="email",
    serial_column="serialnumber",
    columns=carried_from(CUSTOMER_TRUSTED),
    references=(
        Reference("email", "customer_trusted", "email", key="email"),
        Reference("email", "accelerometer_trusted", "user", key="email"),
    ),
    checks=(GOVERNING_RECORDS,),
)
