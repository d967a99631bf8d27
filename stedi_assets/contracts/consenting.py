"""Who consents and what that covers, once more: the SQL that the recounts share.

On purpose not the transforms' rule (`transforms.consent`) but another way to the same sets, by grouping instead of
windows: a mistake in one of the two shows as a row count that differs. Only for recounts and checks.

Checks name the sets of SHARED as they name tables; each is found once for all that ask for it.
$at_reading, $unambiguous, $as_of_ms are the policy's parameters (`policy`).
"""

import re

from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.contracts.model import Check

EMAIL, RECORD_EMAIL, USER = customer_key("email"), customer_key("r.email"), customer_key("r.user")

# Subqueries, no WITH: the sets become views, and Apache Spark 4.1 makes an invalid plan of a query that names a view
# that has a WITH in it more than once (its rule InlineCTE).
_CURRENT_RECORDS = f"""
    SELECT n.customer, n.updated, r.serialnumber AS serial, coalesce(r.sharewithresearchasofdate, 0) AS agreed_at
    FROM customer_landing r
    JOIN (SELECT {EMAIL} AS customer, max(lastupdatedate) AS updated FROM customer_landing GROUP BY 1) n
    ON {RECORD_EMAIL} = n.customer AND r.lastupdatedate = n.updated
"""

# customer (its key), updated, since (epoch ms), serial: one row for each customer who agreed to research.
_CONSENTING = f"""
SELECT a.customer, a.since, max(c.updated) AS updated, max(c.serial) AS serial
FROM ({_CURRENT_RECORDS}) c
JOIN (
    SELECT customer, max(agreed_at) AS since FROM ({_CURRENT_RECORDS})
    GROUP BY customer HAVING min(agreed_at) > 0 AND max(agreed_at) <= $as_of_ms
) a ON c.customer = a.customer AND c.agreed_at = a.since
GROUP BY a.customer, a.since
"""

# Their motion readings that the policy covers, each distinct one once; `landed`: how often it came.
# Grouped by the reading's own address: grouped by c.customer, which is unique among the consenting, the engine (Sail
# 0.7.2) takes it for unique here too, drops x, y and z where nobody asks for them, and counts too few.
_MOTIONS = f"""
SELECT {USER} AS customer, r.timestamp, count(*) AS landed
FROM accelerometer_landing r JOIN consenting c ON {USER} = c.customer
WHERE NOT $at_reading OR r.timestamp >= c.since
GROUP BY {USER}, r.timestamp, r.x, r.y, r.z
"""

# Those of them who have such readings.
_MOVING = f"""
SELECT customer, since, serial FROM consenting WHERE customer IN (
    SELECT {USER} FROM accelerometer_landing r JOIN consenting c ON {USER} = c.customer
    WHERE NOT $at_reading OR r.timestamp >= c.since
)
"""

# serial, owners (customers ever recorded with it), agreeing (those of them who consent), last_since: one row a serial.
_SERIALS = f"""
SELECT o.serial, count(*) AS owners, count(c.customer) AS agreeing, max(c.since) AS last_since
FROM (
    SELECT serialnumber AS serial, {EMAIL} AS customer FROM customer_landing
    WHERE serialnumber IS NOT NULL GROUP BY 1, 2
) o
LEFT JOIN consenting c ON o.customer = c.customer
GROUP BY o.serial
"""

# The step readings of moving customers' serials that the policy covers, each distinct one once.
_STEPS = """
SELECT r.serialnumber, r.sensorreadingtime, count(*) AS landed
FROM step_trainer_landing r
JOIN (SELECT serial, min(since) AS since FROM moving WHERE serial IS NOT NULL GROUP BY serial) c
ON r.serialnumber = c.serial
JOIN serials o ON r.serialnumber = o.serial
WHERE (NOT $at_reading OR r.sensorreadingtime >= c.since)
  AND (NOT $unambiguous
       OR o.agreeing = o.owners AND (NOT $at_reading OR r.sensorreadingtime >= o.last_since))
GROUP BY r.serialnumber, r.sensorreadingtime, r.distancefromobject
"""

# By name; each may ask for those before it.
SHARED = {
    "consenting": _CONSENTING,
    "motions": _MOTIONS,
    "moving": _MOVING,
    "serials": _SERIALS,
    "steps": _STEPS,
}


def asked_for(name: str, sql: str) -> int:
    """How often a query names a view."""
    return len(re.findall(rf"\b{name}\b", sql))


def shared_by(sql: str) -> dict[str, str]:
    """The shared sets that a query needs, in the order in which they can be found."""
    needed: dict[str, str] = {}
    for name, query in reversed(SHARED.items()):
        if asked_for(name, " ".join((sql, *needed.values()))):
            needed = {name: query, **needed}
    return needed


# Of a table of customers: that each row is the very record that governs, not just some consenting one.
GOVERNING_RECORDS = Check(
    "governing_records",
    "Every row is its customer's newest record, of several the one with the latest consent. Counted: rows of others.",
    actual=f"""
    SELECT count(*) FROM staged s LEFT ANTI JOIN consenting c
    ON {customer_key("s.email")} = c.customer AND s.lastupdatedate = c.updated
       AND s.sharewithresearchasofdate = c.since AND coalesce(s.serialnumber, '') = coalesce(c.serial, '')
    """,
)
