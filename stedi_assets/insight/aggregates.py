"""Numbers about the readings and the people, each small enough to be drawn.

Here: consent, distributions, readings over time, quarantine by reason; counts and nothing else. Not here: what each
step leaves out (`funnel`), how any of it looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from stedi_assets.insight.published import Opened
from stedi_assets.insight.sql import judged_records

MOST_BINS = 48
_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_WIDTHS = [
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 30, 91, 365, 3_650)),
]


@dataclass(frozen=True)
class Bins:
    """Counts in stretches of one width: the first begins at `start`. `series`: counts by what is counted."""

    start: float
    width: float
    series: Mapping[str, Sequence[int]]

    @property
    def edges(self) -> list[float]:
        """Where each stretch begins, and where the last one ends."""
        return [self.start + self.width * place for place in range(self.length + 1)]

    @property
    def length(self) -> int:
        return max((len(counts) for counts in self.series.values()), default=0)

    @property
    def most(self) -> int:
        return max((max(counts, default=0) for counts in self.series.values()), default=0)

    def total(self, name: str) -> int:
        return sum(self.series[name])


@dataclass(frozen=True)
class Consent:
    """Customers who ever landed, by what their newest record says."""

    agree: int
    agree_later: int
    withdrew: int
    never_agreed: int

    @property
    def customers(self) -> int:
        return self.agree + self.agree_later + self.withdrew + self.never_agreed

    @property
    def share(self) -> float:
        """Who agrees, of all (0 to 1)."""
        return self.agree / self.customers if self.customers else 0.0


def consent(tables: Opened) -> Consent:
    """As customer_trusted was made: on its day."""
    as_of_ms = tables.snapshots["customer_trusted"].policy.as_of_ms
    ((agree, later, withdrew, never),) = tables.ask(
        f"""
        WITH {judged_records(as_of_ms)},
        customers AS (
            SELECT customer, bool_and(agrees) AS agrees, bool_or(current AND since > {as_of_ms}) AS later,
                bool_or(since BETWEEN 1 AND {as_of_ms}) AS ever
            FROM judged GROUP BY customer
        )
        SELECT count(*) FILTER (agrees), count(*) FILTER (NOT agrees AND later),
            count(*) FILTER (NOT agrees AND NOT later AND ever),
            count(*) FILTER (NOT agrees AND NOT later AND NOT ever)
        FROM customers
        """
    )
    return Consent(agree, later, withdrew, never)


def readings_over_time(tables: Opened) -> Bins:
    """Motion and step readings, as they landed and as they may be used, over the time when they were taken."""
    taken = {
        "motion readings that landed": ("accelerometer_landing", '"timestamp"'),
        "motion readings that are used": ("accelerometer_trusted", '"timestamp"'),
        "step readings that landed": ("step_trainer_landing", "sensorreadingtime"),
        "step readings that are used": ("step_trainer_trusted", "sensorreadingtime"),
    }
    times = " UNION ALL ".join(
        f"SELECT min({column}) AS first, max({column}) AS last FROM {table}" for table, column in taken.values()
    )
    ((first, last),) = tables.ask(f"SELECT min(first), max(last) FROM ({times})")
    if first is None:
        return Bins(0, _DAY, {name: [] for name in taken})
    width = next((w for w in _WIDTHS if (last - first) // w < MOST_BINS), (last - first) // MOST_BINS + 1)
    start, length = first - first % width, (last - first + first % width) // width + 1
    return Bins(start, width, {n: _binned(tables, *place, start, width, length) for n, place in taken.items()})


def distance(tables: Opened) -> Bins:
    """How far the object was that a step trainer saw, in the readings that are used."""
    return _distribution(tables, {"step readings": ("step_trainer_trusted", "distancefromobject")})


def movement(tables: Opened) -> Bins:
    """Movement along each axis, in the readings that are used."""
    return _distribution(tables, {axis: ("accelerometer_trusted", axis) for axis in "xyz"})


def quarantine(tables: Opened) -> dict[tuple[str, str], int]:
    """Records in quarantine by source and reason, most first."""
    found = tables.ask(
        "SELECT source, reason, count(*) FROM landing_quarantine GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2"
    )
    return {(source, reason.replace("_", " ")): count for source, reason, count in found}


def rows_by_zone(tables: Opened) -> dict[str, list[tuple[str, int]]]:
    """For each stream its tables from landing on, with their rows."""
    streams = {
        "customers": ["customer_landing", "customer_trusted", "customers_curated"],
        "motion readings": ["accelerometer_landing", "accelerometer_trusted"],
        "step readings": ["step_trainer_landing", "step_trainer_trusted"],
        "training pairs": ["machine_learning_curated"],
    }
    return {name: [(table, tables.rows(table)) for table in along] for name, along in streams.items()}


def moment(epoch_ms: float, seconds: bool = True) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def _distribution(tables: Opened, columns: Mapping[str, tuple[str, str]]) -> Bins:
    """Whole numbers have stretches of whole numbers: else some would hold one number more than others."""
    ends = " UNION ALL ".join(
        f"SELECT min({column}) AS least, max({column}) AS most, bool_and({column} = floor({column})) AS whole "
        f"FROM {table}"
        for table, column in columns.values()
    )
    ((least, most, whole),) = tables.ask(f"SELECT min(least), max(most), bool_and(whole) FROM ({ends})")
    if least is None:
        return Bins(0, 1, {name: [] for name in columns})
    width = -(-(most - least + 1) // MOST_BINS) if whole else (most - least) / MOST_BINS
    length = int((most - least) / width) + 1 if whole else MOST_BINS
    return Bins(least, width, {name: _binned(tables, *place, least, width, length) for name, place in columns.items()})


def _binned(tables: Opened, table: str, column: str, start: float, width: float, length: int) -> list[int]:
    """Counts by stretch; the end of the last one belongs to it."""
    counts = [0] * length
    stretch = f"least(CAST(floor(({column} - {start!r}) / {width!r}) AS BIGINT), {length - 1})"
    for place, count in tables.ask(f"SELECT {stretch}, count(*) FROM {table} GROUP BY 1"):
        counts[place] += count
    return counts
