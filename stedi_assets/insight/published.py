"""The published tables, opened for questions in SQL, and what their snapshots tell of themselves.

Here: DuckDB over the files of each table's current snapshot. No engine, no lock: a snapshot does not change. Not here:
what is asked (`funnel`, `aggregates`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.policy import Policy, policy_by_facts

if TYPE_CHECKING:
    import duckdb
    from pyiceberg.catalog import Catalog


@dataclass(frozen=True)
class Snapshot:
    """What a published table tells without its rows."""

    contract: Contract
    snapshot_id: int
    published_ms: int
    rows: int
    bytes: int
    summary: Mapping[str, str] = field(repr=False)

    @property
    def policy(self) -> Policy:
        """The policy that it was made by."""
        return policy_by_facts(self.summary)


@dataclass(frozen=True)
class Opened:
    """Published tables under their names in a database, and their snapshots by table."""

    database: "duckdb.DuckDBPyConnection" = field(repr=False)
    snapshots: Mapping[str, Snapshot]

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer's rows."""
        return self.database.execute(sql).fetchall()

    def number(self, sql: str) -> int:
        """The one number that is asked for."""
        ((value,),) = self.ask(sql)
        return int(value or 0)

    def rows(self, table: str) -> int:
        """How many rows it has, by its snapshot."""
        return self.snapshots[table].rows


@contextmanager
def opened(catalog: "Catalog", contracts: tuple[Contract, ...] = CONTRACTS) -> Iterator[Opened]:
    """These tables. Raises NeverPublishedError for the first that has no snapshot, DamagedTableError."""
    import duckdb

    from stedi_assets.lakehouse.arrow import damage_told, dataset
    from stedi_assets.lakehouse.catalog import published_table
    from stedi_assets.lakehouse.damage import scan_of

    with duckdb.connect(config={"python_enable_replacements": "false"}) as database:
        snapshots, scans = {}, {}
        for contract in contracts:
            table = published_table(catalog, contract)
            scans[contract.table] = scan_of(table)
            database.register(contract.table, dataset(scans[contract.table], contract))
            current = table.current_snapshot()
            assert current is not None  # else it was never published
            summary = dict(current.summary.additional_properties) if current.summary else {}
            snapshots[contract.table] = Snapshot(
                contract=contract,
                snapshot_id=current.snapshot_id,
                published_ms=current.timestamp_ms,
                rows=int(summary.get("total-records", "0")),
                bytes=int(summary.get("total-files-size", "0")),
                summary=summary,
            )
        try:
            yield Opened(database, snapshots)
        except duckdb.Error as error:
            if damage := damage_told(error, scans):
                raise damage from None
            raise
