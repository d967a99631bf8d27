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
from functools import partial, reduce
from typing import TYPE_CHECKING

from stedi_assets.audits.asking import Asked
from stedi_assets.contracts import Contract
from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.lakehouse.side_by_side import for_each

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
class Moments:
    """rows: one for each moment (touched). first, last: of all of them; None where there is none."""

    rows: "DataFrame"
    first: int | None
    last: int | None

    def may_have(self, taken: "Column") -> "Column":
        """Whether a reading was taken while these moments lasted, or does not tell: by the bounds that files have of
        their parts an engine passes over all the others."""
        if self.first is None or self.last is None:
            return taken.isNull()
        return taken.isNull() | taken.between(self.first, self.last)


@dataclass(frozen=True)
class Readings:
    """A table of readings: the rows of files that both of its versions have, and of those that one of them has."""

    contract: Contract
    stays: "DataFrame"
    went: "DataFrame"
    came: "DataFrame"

    @property
    def kind(self) -> str:
        """What they say whose they are by."""
        return "customer" if self.contract.email_column else "serial"

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

    def of(self, those: "DataFrame") -> "DataFrame":
        """The moments of the readings, as they are, of those customers or serials (touched): touched."""
        from pyspark.sql import functions as F

        from stedi_assets.transforms.changes import TOUCHED, only
        from stedi_assets.transforms.consent import customer_key as key_of

        email, serial = self.contract.email_column, self.contract.serial_column
        whose = key_of(F.col(email)) if email else F.col(str(serial))
        rows = only(self.stays.unionByName(self.came), whose, those)
        return rows.select(self.taken.alias(TOUCHED)).distinct()

    def at(self, moments: Moments, hold: "Hold") -> "tuple[DataFrame, DataFrame]":
        """The rows taken at these moments, as they were and as they are."""
        from pyspark.sql import functions as F

        from stedi_assets.transforms.changes import only

        near = moments.may_have(F.col(str(self.contract.taken_column)))
        stays, went, came = (
            only(rows.where(near), self.taken, moments.rows) for rows in (self.stays, self.went, self.came)
        )
        stays = hold(stays)
        return hold(stays.unionByName(went)), hold(stays.unionByName(came))


def moments(then: Asked, now: Asked, own: Readings, landed: "Sequence[Readings]", hold: "Hold") -> Moments:
    """The moments at which a table (`own`) that is made from these landed readings differs, or can. Both know `moving`,
    if asked."""
    from pyspark.sql import functions as F

    from stedi_assets.transforms.changes import TOUCHED, differing

    sql = _STANDINGS if "moving" in now.views else _STANDINGS_OF_CUSTOMERS
    standings = for_each((then, now), lambda asked: asked.kept(sql), "who agreed, then and now")
    changed = now.once(
        ("changed", *standings), lambda: differing(*standings).select("kind", F.col("who").alias(TOUCHED)).distinct()
    )
    kinds = {row["kind"] for row in changed.select("kind").distinct().collect()}

    def of_changed(one: Readings) -> "DataFrame":
        theirs = changed.where(F.col("kind") == one.kind).select(TOUCHED)
        # Asked for every table that is made from these.
        return now.once(("moments", changed, one.stays, one.came), partial(one.of, theirs))

    found = [one.changed for one in (own, *landed)]
    found += for_each([one for one in landed if one.kind in kinds], of_changed, "moments of those who changed")
    touched = hold(reduce(lambda one, other: one.unionByName(other), found).distinct())
    (bounds,) = touched.agg(F.min(TOUCHED), F.max(TOUCHED)).collect()
    return Moments(touched, *bounds)
