"""Rounds of a fault: something new lands, a run meets the fault, and what is left behind is looked at.

Here: deliveries, what readers see of each table, the rerun, upkeep. Not here: faults (`proxy`, `plans`), which are
tried (the tests).
"""

import hashlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.catalog import find_table
from stedi_assets.lakehouse.objects import objects_below, table_objects
from stedi_assets.lakehouse.snapshots import snapshots_of
from stedi_assets.lakehouse.writing import scratch_of
from stedi_assets.upkeep.expiry import expire
from stedi_assets.upkeep.orphans import remove_leftovers, remove_orphans
from stedi_assets_tests.faults.forked import Ended, Forked, Order
from stedi_assets_tests.faults.plans import KillAt, Point
from stedi_assets_tests.faults.proxy import Plan, Proxy, nothing
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, TAKEN, Lake, customer, lines, motion, step

# Of the small set. Every delivery adds one row to each table.
ROWS = {
    "customer_landing": len(CUSTOMERS),
    "accelerometer_landing": len(MOTIONS),
    "step_trainer_landing": len(STEPS),
    "landing_quarantine": 0,
    "customer_trusted": 2,
    "accelerometer_trusted": 3,
    "customers_curated": 2,
    "step_trainer_trusted": 3,
    "machine_learning_curated": 5,
}
Seen = Mapping[str, tuple[int, str] | None]  # by table: rows and digest of what readers see; None: nothing yet


@dataclass
class Tally:
    """What went wrong in all rounds. lost: not there after the rerun; wrong: a table that is neither old nor new."""

    tries: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    def judge(self, fault: str, about: object = "") -> None:
        """A row of the table of faults, and the end of a test that found anything. `about`: shown then."""
        record(fault, self.tries, len(self.lost), len(self.wrong), len(self.unexplained))
        assert (self.lost, self.wrong, self.unexplained) == ([], [], []), about


@dataclass
class Rounds:
    """One lakehouse with the small set in its zone, and all that a round needs."""

    lake: Lake
    proxy: Proxy
    forked: Forked
    delivered: int = 0

    @property
    def right(self) -> dict[str, int]:
        """The rows that each table has to have once all that was delivered is published."""
        return {table: rows + self.delivered for table, rows in ROWS.items()}

    def deliver(self) -> None:
        """A customer, a motion, a step of the same moment, and a record that was cut off."""
        self.delivered += 1
        n, name = self.delivered, f"delivery/{self.delivered}/new.json"
        email, serial, taken = f"new{n}@x.org", f"n{n}", TAKEN + 100 + n
        self.lake.put(f"customer/{name}", lines([customer(email, serial)]))
        self.lake.put(f"accelerometer/{name}", lines([motion(email, taken)]) + '{"user": "cut')
        self.lake.put(f"step_trainer/{name}", lines([step(serial, taken)]))

    def run(self, plan: Plan = nothing, full: bool = False) -> Ended:
        order = Order(self.lake.zone.uri, self.proxy.s3_url, self.proxy.catalog_url, full)
        with self.proxy.following(plan):
            return self.forked.run(order)

    def seen(self) -> Seen:
        """What readers see of each table now."""
        found: dict[str, tuple[int, str] | None] = {}
        for contract in CONTRACTS:
            if self.lake.snapshot(contract) is None:
                found[contract.table] = None
            else:
                rows = self.lake.rows(contract)
                found[contract.table] = (len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
        return found

    def look_after(self) -> None:
        """Upkeep without a retention, as the steps of the job do it."""
        lake, now = self.lake, int(time.time() * 1000) + 1000
        for contract in CONTRACTS:
            expire(lake.catalog, contract, now)
            remove_orphans(lake.catalog, lake.s3, contract, now, None)
        for folder in self._working_folders():
            remove_leftovers(lake.s3, folder, None)

    def left(self) -> list[str]:
        """Objects that nothing refers to, and uploads that nobody will complete."""
        lake = self.lake
        found = [uri for folder in self._working_folders() for uri in objects_below(lake.s3, folder)]
        for contract in CONTRACTS:
            table = find_table(lake.catalog, contract)
            if table is not None:
                needed = {uri for snapshot in snapshots_of(table) for uri in snapshot.referenced}
                found += sorted(table_objects(lake.s3, table.location()) - needed - {table.metadata_location})
        for bucket in {lake.endpoints.bucket, lake.endpoints.table_bucket}:
            found += [upload["Key"] for upload in lake.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]
        return found

    def settle(self, what: str, before: Seen, met: Sequence[Seen], tally: Tally) -> None:
        """The rerun after one fault or several and upkeep, and the verdict on what readers met in between.

        What they met is old or new, and never old again once it was new.
        """
        again = self.run()
        after = self.seen()
        self.look_after()
        if not again.success:
            tally.unexplained.append(f"{what}: the rerun failed: {again}")
        if counts(after) != self.right:
            tally.lost.append(f"{what}: {counts(after)} instead of {self.right}")
        for table in before:
            is_new = [(found[table] != before[table], found[table] == after[table]) for found in met]
            if is_new != sorted(is_new) or (True, False) in is_new:
                found = [one[table] for one in met]
                tally.wrong.append(f"{what}: {table} had {found}, not {before[table]} and then {after[table]}")
        if self.seen() != after:
            tally.wrong.append(f"{what}: upkeep changed rows")
        if left := self.left():
            tally.wrong.append(f"{what}: upkeep left {len(left)} objects, as {left[0]}")

    def kill(self, is_meant: Callable[[Point], bool], tally: Tally, full: bool = False) -> KillAt:
        """A run that is killed at the first step that is meant; where it has none, it runs to its end."""
        plan = KillAt(is_meant)
        ended = self.run(plan, full)
        if plan.killed is None:
            if not ended.success:
                tally.unexplained.append(f"not killed: {ended}")
        else:
            tally.tries += 1
            if ended.status != -signal.SIGKILL:
                tally.unexplained.append(f"{plan.killed}: {ended}")
        return plan

    def _working_folders(self) -> set[str]:
        found = (find_table(self.lake.catalog, contract) for contract in CONTRACTS)
        return {scratch_of(table.location()) for table in found if table} | {self.lake.store.uri("staging")}


def counts(seen: Seen) -> dict[str, int]:
    return {table: found[0] if found else 0 for table, found in seen.items()}
