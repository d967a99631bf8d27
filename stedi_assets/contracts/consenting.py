"""Who consents, once more: the SQL that the recounts share.

On purpose not the transforms' rule (`transforms.consent`) but another way to the same set, by grouping instead of
windows: a mistake in one of the two shows as a row count that differs. Only for recounts.
"""

# customer (lower case, trimmed), since (epoch ms), serial: one row for each customer who agreed to research.
CONSENTING = """
newest AS (
    SELECT lower(trim(email)) AS customer, max(lastupdatedate) AS updated FROM customer_landing GROUP BY 1
),
current_records AS (
    SELECT n.customer, r.serialnumber AS serial, coalesce(r.sharewithresearchasofdate, 0) AS agreed_at
    FROM customer_landing r JOIN newest n ON lower(trim(r.email)) = n.customer AND r.lastupdatedate = n.updated
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
    WHERE customer IN (SELECT lower(trim(user)) FROM accelerometer_landing)
)
"""

MOTIONS = """
motions AS (
    SELECT user, timestamp, x, y, z, count(*) AS landed FROM accelerometer_landing
    WHERE lower(trim(user)) IN (SELECT customer FROM consenting)
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
