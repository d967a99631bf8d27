"""What docs/scale.md takes for granted because it cannot be measured here: use, prices, the shape of a cluster.

Here: numbers with their reason. Everything else on that page is measured, or computed from these and that.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """value in `unit`, and where it comes from."""

    what: str
    value: float
    unit: str
    why: str


SESSIONS = Assumption(
    "sessions a customer has a day", 1, "", "a session is what a customer of the data set has: 30 steps, 85 motions"
)
DAY = Assumption("the day's sessions are spread evenly over", 86_400, "s", "peaks make more pairs, see the formula")
HOURS = Assumption("a day is computed within", 1, "h", "a run each night, done before people come to work")
BUSY = Assumption(
    "cores of a cluster that compute, of those that are paid for",
    0.6,
    "",
    "stragglers, shuffles and driver; not measured: there was no cluster of many machines",
)
MEMORY = Assumption("memory to a core", 4, "GB", "Glue's G.1X: 4 cores and 16 GB are one DPU")
CORES_OF_DPU = Assumption("cores to a DPU", 4, "", "as above")
DPU_HOUR = Assumption("a DPU and hour", 0.44, "USD", "AWS list price, us-east-1, November 2026")
WRITES = Assumption("1,000 PUT, COPY, POST or LIST", 0.005, "USD", "S3 Standard, as above")
READS = Assumption("1,000 GET or HEAD", 0.0004, "USD", "S3 Standard, as above")
STORED = Assumption("a GB and month", 0.023, "USD", "S3 Standard, as above")

ALL = (SESSIONS, DAY, HOURS, BUSY, MEMORY, CORES_OF_DPU, DPU_HOUR, WRITES, READS, STORED)
