"""Contract of step_trainer_landing: every reading of the step trainers that arrived and fits."""

from stedi_assets.contracts.landing_checks import landing_checks, recount_landing
from stedi_assets.contracts.model import Column, Contract
from stedi_assets.contracts.provenance import PROVENANCE

STEP_TRAINER_LANDING = Contract(
    table="step_trainer_landing",
    zone="landing",
    description="Step readings as the step trainers sent them, one row per JSON object that has the columns below in "
    "their types, whether the customer agreed to research or not: step_trainer_trusted has those that may"
    " be used.",
    recount=recount_landing("step_trainer"),
    grain=("source_object", "source_offset"),
    serial_column="serialnumber",
    taken_column="sensorreadingtime",
    columns=(
        Column("sensorreadingtime", "bigint", "When the reading was taken.", unit="epoch_ms"),
        Column("serialnumber", "string", "Serial of the step trainer that took the reading.", personal=True),
        Column("distancefromobject", "int", "Distance to the object that the sensor saw.", unit="cm"),
        *PROVENANCE,
    ),
    checks=landing_checks("step_trainer"),
)
