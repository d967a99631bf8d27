"""Contract of customer_landing: every customer record that arrived and fits."""

from stedi_assets.contracts.landing_checks import landing_checks, recount_landing
from stedi_assets.contracts.model import Column, Contract
from stedi_assets.contracts.provenance import PROVENANCE

CUSTOMER_LANDING = Contract(
    table="customer_landing",
    zone="landing",
    description="Customer records as the website sent them, one row per JSON object that has the columns below in "
    "their types; anything else is in landing_quarantine. A customer may have many records, and may not have agreed to "
    "research: customer_trusted has the current records of those who did.",
    recount=recount_landing("customer"),
    grain=("source_object", "source_offset"),
    email_column="email",
    serial_column="serialnumber",
    columns=(
        Column("customername", "string", "The customer's name.", required=False, personal=True),
        Column("email", "string", "The customer's email address; identifies the customer.", personal=True),
        Column("phone", "string", "The customer's phone number.", required=False, personal=True),
        Column("birthday", "string", "The customer's date of birth.", required=False, personal=True),
        Column(
            "serialnumber",
            "string",
            "Serial of the step trainer bought. Wrong for many: the fulfilment site used few serials over and over.",
            required=False,
            personal=True,
        ),
        Column("registrationdate", "bigint", "When the customer registered.", required=False, unit="epoch_ms"),
        Column(
            "lastupdatedate",
            "bigint",
            "When the record was last changed; the newest record is the customer's current one.",
            unit="epoch_ms",
        ),
        Column(
            "sharewithresearchasofdate",
            "bigint",
            "Since when the customer agrees to research; null or 0: the customer does not.",
            required=False,
            unit="epoch_ms",
            # Such a date is no consent. Were its record in quarantine, the one before it would govern.
            open_ended=True,
        ),
        Column(
            "sharewithpublicasofdate",
            "bigint",
            "Since when the customer shares with the public; null or 0: not.",
            required=False,
            unit="epoch_ms",
        ),
        Column(
            "sharewithfriendsasofdate",
            "bigint",
            "Since when the customer shares with friends; null or 0: not.",
            required=False,
            unit="epoch_ms",
        ),
        *PROVENANCE,
    ),
    checks=landing_checks("customer"),
)
