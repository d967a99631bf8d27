"""Contract of machine_learning_curated: the training table, pseudonymous."""

from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.contracts.model import Check, Column, Contract, Reference, carried_from
from stedi_assets.contracts.step_trainer_trusted import STEP_TRAINER_TRUSTED

# What the training table would be without a minimum of subjects. Pairs are counted, never made: each motion reading
# for as many as there are step readings at its time. Own pairs go by way of the customer: whose step it is, and that
# customer's own motions at that time.
PAIRS = """
steps_at AS (SELECT sensorreadingtime AS taken, count(*) AS readings FROM steps GROUP BY 1),
own AS (
    SELECT count(*) AS pairs FROM steps s
    JOIN moving c ON c.serial = s.serialnumber
    JOIN motions m ON m.customer = c.customer AND m.timestamp = s.sensorreadingtime
),
subjects AS (
    SELECT count(DISTINCT customer) AS subjects FROM motions WHERE timestamp IN (SELECT taken FROM steps_at)
)
"""
# Without a minimum nobody is counted: an engine sees by the policy's number that the condition holds.
ENOUGH = "($minimum_subjects = 0 OR (SELECT subjects FROM subjects) >= $minimum_subjects)"
RECOUNT = f"""
WITH {PAIRS}
SELECT coalesce(sum(s.readings), 0) FROM steps_at s JOIN motions m ON s.taken = m.timestamp WHERE {ENOUGH}
"""

# The only columns that this table may ever have: a column that identifies someone must not come in by way of a
# contract that was changed in good faith.
ALLOWED_COLUMNS = (
    "sensorreadingtime",
    "distancefromobject",
    "x",
    "y",
    "z",
    "subject_id",
    "device_id",
    "same_customer",
)
_IDENTIFIERS = " UNION ".join(
    f"SELECT {customer_key(name)} AS value FROM customer_landing WHERE {name} IS NOT NULL"
    for name in ("email", "customername", "phone", "birthday", "serialnumber")
)


def _no_identifiers(*columns: str) -> Check:
    """Whatever stands in these columns is 64 hexadecimal digits, and nothing that anybody is known by."""
    values = " UNION ".join(f"SELECT coalesce({name}, '') AS value FROM staged" for name in columns)
    return Check(
        "no_identifiers",
        "Text is keyed hashes and nothing else: no email, name, phone, birth date or serial of any customer. "
        "Counted: distinct values that are.",
        actual=f"""
        SELECT count(*) FROM ({values}) v LEFT JOIN ({_IDENTIFIERS}) i ON {customer_key("v.value")} = i.value
        WHERE i.value IS NOT NULL OR length(v.value) <> 64 OR btrim(v.value, '0123456789abcdef') <> ''
        """,
        whole=("actual",),  # anybody's new record can have what stands there
    )


MACHINE_LEARNING_CURATED = Contract(
    table="machine_learning_curated",
    zone="curated",
    description="The training table: each step reading that may be used with each motion reading of the same "
    "millisecond, one row per pair. People and devices are keyed hashes. Two customers may have moved in "
    "the same millisecond: train on rows where same_customer is true.",
    recount=RECOUNT,
    subject_column="subject_id",
    device_column="device_id",
    taken_column="sensorreadingtime",
    allowed_columns=ALLOWED_COLUMNS,
    columns=(
        *carried_from(STEP_TRAINER_TRUSTED, without=("serialnumber",)),
        Column("x", "double", "Movement along the x axis.", derived_from=("accelerometer_trusted.x",)),
        Column("y", "double", "Movement along the y axis.", derived_from=("accelerometer_trusted.y",)),
        Column("z", "double", "Movement along the z axis.", derived_from=("accelerometer_trusted.z",)),
        Column(
            "subject_id",
            "string",
            "Who moved: a keyed hash (HMAC-SHA256) of the customer's address. Pseudonymous, not anonymous.",
            personal=True,
            derived_from=("accelerometer_trusted.user",),
        ),
        Column(
            "device_id",
            "string",
            "Which step trainer: a keyed hash (HMAC-SHA256) of its serial. Pseudonymous, not anonymous.",
            personal=True,
            derived_from=("step_trainer_trusted.serialnumber",),
        ),
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
        Reference("device_id", "step_trainer_trusted", "serialnumber", key="device"),
        Reference("subject_id", "accelerometer_trusted", "user", key="subject"),
    ),
    checks=(
        Check(
            "same_customer",
            "same_customer is true for as many rows as a second, independent query counts.",
            actual="SELECT count(*) FROM staged WHERE same_customer",
            expected=f"WITH {PAIRS} SELECT coalesce(sum(pairs), 0) FROM own WHERE {ENOUGH}",
        ),
        _no_identifiers("subject_id", "device_id"),
        Check(
            "pairs_two_customers",
            "No row pairs one customer's step with another's motion. Counted: rows that do (same_customer is false).",
            actual="SELECT count(*) FROM staged WHERE NOT same_customer",
            severity="WARN",
            example="SELECT concat('two moved at ', CAST(min(sensorreadingtime) AS string), ' (epoch ms)') FROM staged "
            "WHERE NOT same_customer",
        ),
        Check(
            "minimum_subjects",
            "Enough customers to publish their readings (STEDI_MINIMUM_SUBJECTS); with fewer the table is published "
            "empty. Counted: customers that are missing for it.",
            actual=f"""
            WITH {PAIRS} SELECT coalesce(max($minimum_subjects - subjects), 0) FROM subjects
            WHERE $minimum_subjects > 0 AND subjects > 0 AND subjects < $minimum_subjects
            """,
            severity="WARN",
            example=f"""
            WITH {PAIRS} SELECT concat('the readings are of ', CAST(max(subjects) AS string),
                                       ', $minimum_subjects are asked for') FROM subjects
            """,
        ),
    ),
)
