"""Contract of machine_learning_curated: the training table."""

from stedi_assets.contracts.accelerometer_trusted import ACCELEROMETER_TRUSTED
from stedi_assets.contracts.consenting import MOTIONS, MOVING, STEPS
from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.contracts.model import Check, Column, Contract, Reference, carried_from
from stedi_assets.contracts.step_trainer_trusted import STEP_TRAINER_TRUSTED

# Pairs are counted, never made: readings at a time of one device times readings at that time of the other.
RECOUNT = f"""
WITH {MOVING}, {MOTIONS}, {STEPS}
SELECT coalesce(sum(s.readings * m.readings), 0)
FROM (SELECT sensorreadingtime AS taken, count(*) AS readings FROM steps GROUP BY 1) s
JOIN (SELECT timestamp AS taken, count(*) AS readings FROM motions GROUP BY 1) m ON s.taken = m.taken
"""

# From the landing tables by way of the customer: whose step it is, and that customer's own motions at that time.
OWN_PAIRS = f"""
WITH {MOVING}, {MOTIONS}, {STEPS}
SELECT count(*)
FROM steps s
JOIN moving c ON c.serial = s.serialnumber
JOIN motions m ON {customer_key("m.user")} = c.customer AND m.timestamp = s.sensorreadingtime
"""

MACHINE_LEARNING_CURATED = Contract(
    table="machine_learning_curated",
    zone="curated",
    description="The training table: each trusted step trainer reading with each trusted accelerometer reading of the "
    "same timestamp, one row per pair. Two customers may have moved in the same millisecond: same_customer tells.",
    recount=RECOUNT,
    email_column="user",
    serial_column="serialnumber",
    columns=(
        *carried_from(STEP_TRAINER_TRUSTED),
        *carried_from(ACCELEROMETER_TRUSTED, without=("timestamp",)),
        Column(
            "same_customer",
            "boolean",
            "Whether both readings are of one customer: train on these rows unless you know why not.",
            derived_from=(
                "step_trainer_trusted.serialnumber",
                "accelerometer_trusted.user",
                "customers_curated.email",
                "customers_curated.serialnumber",
            ),
        ),
    ),
    references=(
        Reference("serialnumber", "step_trainer_trusted", "serialnumber"),
        Reference("user", "accelerometer_trusted", "user", address=True),
    ),
    checks=(
        Check(
            "same_customer",
            "same_customer is true for as many rows as a second, independent query counts.",
            actual="SELECT count(*) FROM staged WHERE same_customer",
            expected=OWN_PAIRS,
        ),
        Check(
            "pairs_two_customers",
            "No row pairs one customer's step with another's motion. Counted: rows that do (same_customer is false).",
            actual="SELECT count(*) FROM staged WHERE NOT same_customer",
            severity="WARN",
        ),
    ),
)
