"""Contract of accelerometer_landing: every reading of the mobile app that arrived and fits."""

from stedi_assets.contracts.landing_checks import landing_checks, recount_landing
from stedi_assets.contracts.model import Column, Contract
from stedi_assets.contracts.provenance import PROVENANCE

ACCELEROMETER_LANDING = Contract(
    table="accelerometer_landing",
    zone="landing",
    description="Motion readings as the customers' phones sent them, one row per JSON object that has the columns "
    "below in their types, whether the customer agreed to research or not: accelerometer_trusted has "
    "those that may be used.",
    recount=recount_landing("accelerometer"),
    grain=("source_object", "source_offset"),
    email_column="user",
    taken_column="timestamp",
    columns=(
        Column("user", "string", "Email address of the customer whose phone took the reading.", personal=True),
        Column("timestamp", "bigint", "When the reading was taken.", unit="epoch_ms"),
        Column("x", "double", "Movement along the x axis."),
        Column("y", "double", "Movement along the y axis."),
        Column("z", "double", "Movement along the z axis."),
        *PROVENANCE,
    ),
    checks=landing_checks("accelerometer"),
)
