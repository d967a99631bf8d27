"""Contract of customer_trusted: the customers who agreed to research."""

from stedi_assets.contracts.consenting import GOVERNING_RECORDS
from stedi_assets.contracts.customer_landing import CUSTOMER_LANDING
from stedi_assets.contracts.model import Contract, carried_from
from stedi_assets.contracts.provenance import PROVENANCE_NAMES

CUSTOMER_TRUSTED = Contract(
    table="customer_trusted",
    zone="trusted",
    description="Customers who agreed to research, one row each: the newest record, which alone governs consent. "
    "From customer_landing; read by every table that needs to know who agreed.",
    recount="SELECT count(*) FROM consenting",
    grain=("email",),
    email_column="email",
    serial_column="serialnumber",
    columns=carried_from(CUSTOMER_LANDING, without=PROVENANCE_NAMES),
    checks=(GOVERNING_RECORDS,),
)
