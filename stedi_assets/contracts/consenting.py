"""Who consents, once more: the SQL that the recounts share.

On purpose not the transforms' rule (`transforms.consent`) but another way to the same set, by grouping instead of
windows: a mistake in one of the two shows as a row count that differs. Only for recounts.
"""

from stedi_assets.contracts.customer_key import customer_key

EMAIL, RECORD_EMAIL, USER = customer_key("email"), customer_key("r.email"), customer_key("user")

# customer (its key), since (epoch ms), serial: one row for each customer who agreed to research.
CONSENTING = f"""
newest AS (
    SELECT {EMAIL} AS customer, max(lastupdatedate) AS updated FROM customer_landing GROUP BY 1
),
current_records AS (
    SELECT n.customer, r.serialnumber AS serial, coalesce(r.sharewithresearchasofdate, 0) AS agreed_at
    FROM customer_landing r JOIN newest n ON {RECORD_EMAIL} = n.customer AND r.lastupdatedate = n.updated
),
agreed AS (
    SELECT customer, max(agreed_at) AS since FROM current_records
    GROUP BY customer HAVING min(agreed_at) > 0 AND max(agreed_at) <= $as_of_ms
),
consenting AS (
    SELECT a.customer, a.since, max(c.serial) AS serial
    FROM current_records c JOIN agreed a ON c.customer = a.customer AND c.agreed_at = a.since
    GROUP BY a.customer, a.since
)
"""

# The same for those of them with accelerometer data.
MOVING = f"""
{CONSENTING},
moving AS (
    SELECT customer, since, serial FROM consenting
    WHERE customer IN (SELECT {USER} FROM accelerometer_landing)
)
"""

MOTIONS = f"""
motions AS (
    SELECT user, timestamp, x, y, z, count(*) AS landed FROM accelerometer_landing
    WHERE {USER} IN (SELECT customer FROM consenting)
    GROUP BY user, timestamp, x, y, z
)
"""

STEPS = """
steps AS (
    SELECT serialnumber, sensorreadingtime, distancefromobject, count(*) AS landed FROM step_trainer_landing
    WHERE serialnumber IN (SELECT serial FROM moving WHERE serial IS NOT NULL)
    GROUP BY serialnumber, sensorreadingtime, distancefromobject
)
"""
