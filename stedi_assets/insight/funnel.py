"""From what arrived to the training table: how many rows go into each step, how many stay, and why the others do not.

Each row that a step leaves out has one reason, the first that holds; the reasons of a step add up to what it leaves
out. What they do not explain is told as such: a table that was made from an earlier version of what it is made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stedi_assets.audits import verdicts_of
from stedi_assets.contracts import SOURCES
from stedi_assets.insight.published import Opened
from stedi_assets.insight.sql import judged_records, key

UNEXPLAINED = "not told apart: made from an earlier version of what it is made from"
ERASED = "of someone who was erased"
_KEPT = "kept"


@dataclass(frozen=True)
class Step:
    """One way into a table. `drops`: rows that do not get there, by reason, most first."""

    source: str
    table: str
    rows_in: int
    rows_kept: int
    drops: Mapping[str, int]

    @property
    def dropped(self) -> int:
        return self.rows_in - self.rows_kept

    @property
    def share(self) -> float:
        """Of what goes in, how much stays (0 to 1); of nothing, nothing."""
        return self.rows_kept / self.rows_in if self.rows_in else 0.0


def steps(tables: Opened) -> list[Step]:
    """Every step, in the order of the pipeline."""
    return [
        *(landing_step(tables, source) for source in SOURCES),
        _step(tables, "customer_landing", "customer_trusted", _customers(tables)),
        _step(tables, "accelerometer_landing", "accelerometer_trusted", _motions(tables)),
        _step(tables, "customer_trusted", "customers_curated", _curated(tables)),
        _step(tables, "step_trainer_landing", "step_trainer_trusted", _steps(tables)),
        *_pairing(tables),
    ]


def landing_step(tables: Opened, source: str) -> Step:
    """From the records that the census found in the landing zone; after an erasure, of those that are left."""
    table = SOURCES[source].table
    verdicts = {v.check: v for v in verdicts_of(table, tables.snapshots[table].summary)}
    drops = {
        f"in quarantine: {reason.replace('_', ' ')}": count
        for reason, count in tables.ask(
            f"SELECT reason, count(*) FROM landing_quarantine WHERE source = '{source}' GROUP BY 1"
        )
    }
    if "erased" in verdicts:
        drops[ERASED] = verdicts["erased"].actual or 0
    found = verdicts["objects_accounted"].expected if "objects_accounted" in verdicts else None
    kept = tables.rows(table)
    return _told(f"raw/{source}", table, kept + sum(drops.values()) if found is None else found, kept, drops)


def _step(tables: Opened, source: str, table: str, found: Mapping[str, int]) -> Step:
    drops = {reason: count for reason, count in found.items() if reason != _KEPT}
    return _told(source, table, tables.rows(source), tables.rows(table), drops)


def _told(source: str, table: str, rows_in: int, rows_kept: int, drops: Mapping[str, int]) -> Step:
    """The step with what its reasons leave open; reasons that nobody had are not told."""
    missing = rows_in - rows_kept - sum(drops.values())
    ordered = sorted(((reason, count) for reason, count in drops.items() if count), key=lambda pair: -pair[1])
    return Step(source, table, rows_in, rows_kept, dict(ordered) | ({UNEXPLAINED: missing} if missing else {}))


def _customers(tables: Opened) -> dict[str, int]:
    as_of_ms = tables.snapshots["customer_trusted"].policy.as_of_ms
    return _counted(
        tables,
        f"""
        WITH {judged_records(as_of_ms)}
        SELECT CASE
            WHEN NOT current THEN 'an older record: the newest governs'
            WHEN since <= 0 THEN 'the customer does not agree to research'
            WHEN since > {as_of_ms} THEN 'the customer agrees only from a later day on'
            WHEN NOT agrees THEN 'as new as a record that does not agree'
            WHEN place > 1 THEN 'an equally new record of the same customer'
            ELSE '{_KEPT}' END AS reason, count(*)
        FROM judged GROUP BY 1
        """,
    )


def _motions(tables: Opened) -> dict[str, int]:
    at_reading = tables.snapshots["accelerometer_trusted"].policy.consent == "at-reading"
    return _distinct(
        tables,
        f"""
        SELECT CASE
            WHEN k.customer IS NULL THEN 'of nobody known'
            WHEN t.customer IS NULL THEN 'the customer does not agree to research'
            WHEN {at_reading} AND r.timestamp < t.since THEN 'taken before the customer agreed'
            ELSE '{_KEPT}' END AS reason, r.customer, r.timestamp, r.x, r.y, r.z
        FROM (SELECT {key('"user"')} AS customer, "timestamp", x, y, z FROM accelerometer_landing) r
        LEFT JOIN (SELECT DISTINCT {key("email")} AS customer FROM customer_landing) k ON r.customer = k.customer
        LEFT JOIN (
            SELECT {key("email")} AS customer, sharewithresearchasofdate AS since FROM customer_trusted
        ) t ON r.customer = t.customer
        """,
        reading='customer, "timestamp", x, y, z',
    )


def _curated(tables: Opened) -> dict[str, int]:
    return _counted(
        tables,
        f"""
        SELECT 'no motion reading that may be used', count(*) FROM customer_trusted
        WHERE {key("email")} NOT IN (SELECT {key('"user"')} FROM accelerometer_trusted)
        """,
    )


def _steps(tables: Opened) -> dict[str, int]:
    policy = tables.snapshots["step_trainer_trusted"].policy
    at_reading, unambiguous = policy.consent == "at-reading", policy.serials == "unambiguous"
    return _distinct(
        tables,
        f"""
        WITH curated AS (
            SELECT serialnumber AS serial, min(sharewithresearchasofdate) AS since FROM customers_curated
            WHERE serialnumber IS NOT NULL GROUP BY 1
        ),
        agreed AS (SELECT {key("email")} AS customer, sharewithresearchasofdate AS since FROM customer_trusted),
        owned AS (SELECT DISTINCT serialnumber AS serial, {key("email")} AS customer FROM customer_landing),
        owners AS (
            SELECT serial, count(*) = count(since) AS everyone, max(since) AS last_since
            FROM owned LEFT JOIN agreed USING (customer) WHERE serial IS NOT NULL GROUP BY 1
        )
        SELECT CASE
            WHEN o.serial IS NULL THEN 'the step trainer of nobody known'
            WHEN c.serial IS NULL THEN 'the step trainer of nobody who agrees and has motion readings'
            WHEN {at_reading} AND r.taken < c.since THEN 'taken before the customer agreed'
            WHEN {unambiguous} AND NOT o.everyone THEN 'a serial that somebody who does not agree has, too'
            WHEN {unambiguous} AND {at_reading} AND r.taken < o.last_since
                THEN 'taken before everyone with that serial agreed'
            ELSE '{_KEPT}' END AS reason, r.serial, r.taken, r.distance
        FROM (
            SELECT serialnumber AS serial, sensorreadingtime AS taken, distancefromobject AS distance
            FROM step_trainer_landing
        ) r LEFT JOIN owners o ON r.serial = o.serial LEFT JOIN curated c ON r.serial = c.serial
        """,
        reading="serial, taken, distance",
    )


def _pairing(tables: Opened) -> list[Step]:
    """The two halves of the training table: which readings of either are in a pair, as the pairs themselves tell."""
    table = "machine_learning_curated"
    halves = {
        "step_trainer_trusted": ("sensorreadingtime", "device_id, distancefromobject", "timestamp", "motion"),
        "accelerometer_trusted": ("timestamp", "subject_id, x, y, z", "sensorreadingtime", "step"),
    }
    found = []
    for (half, (taken, identity, other_taken, other_name)), other in zip(halves.items(), reversed(halves), strict=True):
        rows_in = tables.rows(half)
        kept = tables.number(f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY sensorreadingtime, {identity})")
        alone = tables.number(
            f'SELECT count(*) FROM {half} WHERE "{taken}" NOT IN (SELECT "{other_taken}" FROM {other})'
        )
        drops = {f"no {other_name} reading at the same millisecond": alone}
        if tables.rows(table) == 0 and tables.snapshots[table].policy.minimum_subjects:
            drops["too few customers to publish their readings"] = rows_in - alone
        found.append(_told(half, table, rows_in, kept, drops))
    return found


def _counted(tables: Opened, sql: str) -> dict[str, int]:
    return {reason: int(count) for reason, count in tables.ask(sql)}


def _distinct(tables: Opened, sql: str, reading: str) -> dict[str, int]:
    """By reason; of the rows that stay, repetitions are told as such. `reading`: the columns that tell rows apart."""
    landed = f"SELECT reason, count(*) AS landed FROM ({sql}) GROUP BY reason, {reading}"
    counted = tables.ask(f"SELECT reason, sum(landed), count(*) FROM ({landed}) GROUP BY reason")
    found = {reason: int(landed) for reason, landed, _ in counted}
    repeated = sum(int(landed) - int(distinct) for reason, landed, distinct in counted if reason == _KEPT)
    return {**found, "the same reading again": repeated}
