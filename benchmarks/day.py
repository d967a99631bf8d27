"""What a day of so many customers needs: computed from what was measured and what is assumed.

Here: arithmetic alone. Not here: the page (`scale`), the assumptions themselves (`assumptions`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import assumptions as assumed
from benchmarks.results import Result
from benchmarks.strangers import strangers
from benchmarks.traced import CHEAP, DEAR
from stedi_assets.synthetic import figures

CUSTOMERS_OF_SCALE_1 = figures.CUSTOMERS
CONSENTING = figures.CONSENTING / figures.CUSTOMERS


@dataclass(frozen=True)
class Line:
    """fixed: whatever the data is; per_gb: for each GB of JSON more. From two measured scales."""

    fixed: float
    per_gb: float
    least: float
    most: float

    @classmethod
    def through(cls, results: Sequence[Result], what: Callable[[Result], float]) -> "Line":
        """The line through the smallest and the largest scale; at least two are needed."""
        few, many = results[0], results[-1]
        slope = (what(many) - what(few)) / (many.json_bytes - few.json_bytes) * 1e9
        return cls(what(few) - slope * few.json_bytes / 1e9, slope, few.scale, many.scale)

    def at(self, gb: float) -> float:
        return self.fixed + self.per_gb * gb


@dataclass(frozen=True)
class Costs:
    """The lines of one engine. writes, reads: S3 requests by their price; stored_gb: that a run writes."""

    title: str
    cpu: Line
    writes: Line
    reads: Line
    stored_gb: Line
    bytes_of_customer: float

    @classmethod
    def of(cls, title: str, results: Sequence[Result]) -> "Costs":
        def requests(kind: str) -> Line:
            return Line.through(results, lambda one: one.trace.requests.get(kind, 0) if one.trace else 0)

        largest = results[-1]
        return cls(
            title,
            Line.through(results, lambda one: one.median.cpu),
            requests(DEAR),
            requests(CHEAP),
            Line.through(results, lambda one: (one.written_bytes or 0) / 1e9),
            largest.json_bytes / (largest.scale * CUSTOMERS_OF_SCALE_1),
        )


@dataclass(frozen=True)
class Day:
    """A day of so many customers, where each reading is paired with readings of its own customer alone."""

    customers: float
    gb: float
    cpu_hours: float
    cores: float
    memory_gb: float
    dpus: float
    writes: float
    reads: float
    written_gb: float
    own_pairs: float
    strangers: float

    @property
    def usd_computing(self) -> float:
        return self.dpus * assumed.HOURS.value * assumed.DPU_HOUR.value

    @property
    def usd_requests(self) -> float:
        return self.writes / 1000 * assumed.WRITES.value + self.reads / 1000 * assumed.READS.value

    @property
    def usd_stored_a_month(self) -> float:
        return (self.gb + self.written_gb) * assumed.STORED.value


def day(customers: float, costs: Costs) -> Day:
    """What that day needs."""
    sessions = customers * assumed.SESSIONS.value
    gb = sessions * costs.bytes_of_customer / 1e9
    cpu = costs.cpu.at(gb)
    cores = cpu / (assumed.HOURS.value * 3600 * assumed.BUSY.value)
    return Day(
        customers=customers,
        gb=gb,
        cpu_hours=cpu / 3600,
        cores=cores,
        memory_gb=cores * assumed.MEMORY.value,
        dpus=cores / assumed.CORES_OF_DPU.value,
        writes=costs.writes.at(gb),
        reads=costs.reads.at(gb),
        written_gb=costs.stored_gb.at(gb),
        own_pairs=sessions * CONSENTING * figures.MOTIONS_TRUSTED / figures.CONSENTING,
        strangers=strangers(customers * CONSENTING, assumed.DAY.value, assumed.SESSIONS.value),
    )
