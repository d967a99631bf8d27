"""How many strangers the join by timestamp alone pairs: measured on customers who step at the same time.

Here: making such customers, counting pairs in DuckDB, the formula beside it. Copies of the synthetic set have times of
their own, so pairs only grow with their number there; here everyone steps within the same ten minutes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from stedi_assets.synthetic import figures
from stedi_assets.synthetic.schedule import PACE, STARTS_WITHIN

CONCURRENT = (100, 1_000, 10_000, 30_000)
STEPS, MOTIONS = figures.STEPS_PER_CUSTOMER, figures.USUAL_MOTIONS_PER_STEP
SECONDS = STEPS * sum(PACE) / 2 / 1000  # of one session
_SEED = 20_261_128
_PAIRS = """
    SELECT count(*) FILTER (s.customer = m.customer), count(*) FILTER (s.customer <> m.customer)
    FROM step s JOIN motion m USING (time)"""
_OWN = "SELECT count(*) FROM step s JOIN motion m USING (customer, time)"


@dataclass(frozen=True)
class Pairs:
    """What the two joins give. strangers: of different customers; expected: by the formula; by_customer: rows of the
    join by customer and timestamp."""

    customers: int
    own: int
    strangers: int
    expected: float
    by_customer: int


def measured() -> list[Pairs]:
    """The pairs for each number of customers."""
    return [_measure(customers) for customers in CONCURRENT]


def strangers(customers: float, seconds: float, sessions: float = 1) -> float:
    """Expected pairs of different customers, who step at any millisecond of so many seconds.

    Every millisecond sees r = customers x sessions x steps / milliseconds steps, and three times as many motions:
    milliseconds x r x 3r pairs.
    """
    milliseconds = seconds * 1000
    return (customers * sessions * STEPS) ** 2 * MOTIONS / milliseconds


def _measure(customers: int) -> Pairs:
    connection = duckdb.connect()
    made = _steps(customers)
    connection.register("made", made)
    connection.execute("CREATE TABLE step AS FROM made")
    connection.execute(f"CREATE TABLE motion AS SELECT step.* FROM step, range({MOTIONS})")
    own, others = connection.sql(_PAIRS).fetchall()[0]
    by_customer = connection.sql(_OWN).fetchall()[0][0]
    # Starts are drawn from ten minutes and a session lasts 87 s: at the window's edges there are fewer.
    return Pairs(customers, own, others, _expected(customers), by_customer)


def _expected(customers: int) -> float:
    """The formula for this window: the rate rises and falls at its edges by the length of a session."""
    window, session = STARTS_WITHIN / 1000, SECONDS
    # The share of two independent sessions' time in common: of the square of a trapezoid.
    even = (window - session) + 2 * session / 3
    rate = customers * STEPS / (window * 1000)
    return rate * rate * MOTIONS * even * 1000


def _steps(customers: int) -> pa.Table:
    draw = random.Random(_SEED)

    def times() -> Iterator[tuple[int, int]]:
        for customer in range(customers):
            start, pace = draw.randrange(STARTS_WITHIN), draw.randint(*PACE)
            yield from ((customer, start + turn * pace) for turn in range(STEPS))

    found = list(times())
    return pa.table({"customer": [one for one, _ in found], "time": [time for _, time in found]})
