"""Which part of a table of readings can differ from what is published of it: told by the moments of the readings.

Here: the moments at which something came or went in the table or in what landed below it, or at which someone took a
reading of whom the landed records say something else now; and a table's rows at these moments. Found by the recounts'
own way to who agrees (`contracts.consenting`), not by the increment that is audited: what that overlooks is found here.
Not here: which versions of the tables are compared (`building.part`: the increment's and the audit's are the same, and
a wrong one is found by upkeep alone), what is asked of their parts (`run`).

A moment too many costs time alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from stedi_assets.audits.asking import Asked
from stedi_assets.contracts import Contract
from stedi_assets.contracts.customer_key import customer_key

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from stedi_assets.audits.asking import Hold

_NEVER = -1
# customer, since, serial of those who agree and have readings, by the curated table, which was audited for itself.
MOVING = f"""
SELECT customer, since, serial FROM consenting
WHERE customer IN (SELECT {customer_key("email")} FROM customers_curated)
"""
_STANDINGS_OF_CUSTOMERS = "SELECT 'customer' AS kind, customer AS who, serial, since FROM consenting"
# All that a landed record can change about anybody's readings; `moving` as above. Of a serial not how many have it: the
# few that the fulfilment site used over and over would be touched by every new customer.
# No WITH, as in `contracts.consenting`.
_STANDINGS = f"""
SELECT c.*, CAST(NULL AS boolean) AS all_agree, CAST(NULL AS bigint) AS last_since,
       CAST(NULL AS bigint) AS moving_since FROM ({_STANDINGS_OF_CUSTOMERS}) c
UNION ALL
SELECT 'serial' AS kind, s.serial AS who, s.serial, a.since, s.agreeing = s.owners AS all_agree,
       CASE WHEN $unambiguous AND s.agreeing = s.owners THEN s.last_since END AS last_since,
       m.since AS moving_since
FROM serials s
LEFT JOIN (SELECT serial, min(since) AS since FROM moving GROUP BY serial) m ON s.serial = m.serial
LEFT JOIN (SELECT serial, min(since) AS since FROM consenting GROUP BY serial) a ON s.serial = a.serial
"""


@dataclass(frozen=True)
class Readings:
    """A table of readings: the rows of files that both of its versions have, and of those that one of them has."""

    contract: Contract
    stays: "DataFrame"
    went: "DataFrame"
    came: "DataFrame"

    @property
    def taken(self) -> "Column":
        """When a reading was taken; of one that does not tell, a moment of its own, so that it is looked at."""
        from pyspark.sql import functions as F

        assert self.contract.taken_column is not None
        return F.coalesce(F.col(self.contract.taken_column), F.lit(_NEVER))

    @property
    def changed(self) -> "DataFrame":
        """The moments of rows that came or went, but for those that were merely written again: touched."""
        from stedi_assets.transforms.changes import TOUCHED, differing

        return differing(self.went, self.came).select(self.taken.alias(TOUCHED))

    def at(self, moments: "DataFrame", hold: "Hold") -> "tuple[DataFrame, DataFrame]":
        """The rows taken at these moments, as they were and as they are."""
        from stedi_assets.transforms.changes import only

        stays, went, came = (only(rows, self.taken, moments) for rows in (self.stays, self.went, self.came))
        stays = hold(stays)
        return hold(stays.unionByName(went)), hold(stays.unionByName(came))


def moments(then: Asked, now: Asked, own: Readings, landed: "Sequence[Readings]", hold: "Hold") -> "DataFrame":
    """The moments at which a table (`own`) that is made from these landed readings differs, or can. Both know `moving`,
    if asked."""
    from pyspark.sql import functions as F

    from stedi_assets.transforms.changes import TOUCHED, differing, only
    from stedi_assets.transforms.consent import customer_key as key_of

    sql = _STANDINGS if "moving" in now.views else _STANDINGS_OF_CUSTOMERS
    changed = hold(differing(then.kept(sql), now.kept(sql)).select("kind", F.col("who").alias(TOUCHED)).distinct())
    kinds = {row["kind"] for row in changed.select("kind").distinct().collect()}
    found = [one.changed for one in (own, *landed)]
    for one in landed:
        contract = one.contract
        kind = "customer" if contract.email_column else "serial"
        who = key_of(F.col(contract.email_column)) if contract.email_column else F.col(str(contract.serial_column))
        if kind in kinds:
            theirs = changed.where(F.col("kind") == kind).select(TOUCHED)
            rows = one.stays.unionByName(one.came)
            found.append(only(rows, who, theirs).select(one.taken.alias(TOUCHED)))
    return hold(reduce(lambda one, other: one.unionByName(other), found).distinct())
