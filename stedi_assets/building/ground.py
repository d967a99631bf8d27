"""What a table can be built on instead of in full: its published rows, and what has changed since below them.

Here: whether that holds, or why not, and the files of both versions of each table that it is made from. Not here: what
is made of it (`increment`), the tables' own rows (`transforms.increments`).

It holds where what is published was made by the same rules, and what it was made from is still kept. Files are never
changed: what is in a file of both versions is the same. What upkeep has compacted has the rows that it had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stedi_assets.building.versions import code_version, digest
from stedi_assets.contracts import Contract, contract_of
from stedi_assets.keys import fingerprint
from stedi_assets.lakehouse.publication import RULES, UPKEEP, Published
from stedi_assets.policy import Policy
from stedi_assets.transforms.increments import INCREMENTS, ONLY_GROWING

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from stedi_assets.lakehouse.lakehouse import Lakehouse


@dataclass(frozen=True)
class Files:
    """The files of a table as it was read then, and as it is read now."""

    contract: Contract
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def came(self) -> list[str]:
        return sorted(set(self.after) - set(self.before))

    @property
    def went(self) -> list[str]:
        return sorted(set(self.before) - set(self.after))


@dataclass(frozen=True)
class Ground:
    """What is published, and the tables that it was made from and audited by."""

    published: Published
    inputs: Mapping[str, Files]


class NoGroundError(Exception):
    """The table has to be built in full; says why."""


def rules_of(lakehouse: "Lakehouse", contract: Contract, policy: Policy) -> str:
    """Stands for what the rows follow from beside the tables that are read: code, policy, the key to the ids."""
    facts: dict[str, object] = {"code": code_version(), "table": contract.table, "policy": policy.rules}
    if contract.subject_column:
        facts["key"] = fingerprint(lakehouse.keys.pseudonym())
    return digest(facts)


def ground_of(
    lakehouse: "Lakehouse",
    contract: Contract,
    published: Published | None,
    inputs: Sequence[str],
    counted: Sequence[str],
) -> Ground:
    """What the table can be built on. `inputs`: what it is made from; `counted`: what its checks count in. Both were
    read before. Raises NoGroundError.
    """
    if contract.table not in INCREMENTS:
        raise NoGroundError("as always: it is small")
    if lakehouse.full:
        raise NoGroundError("as it was asked for")
    if published is None:
        raise NoGroundError("it was never published")
    if published.summary.get(RULES) != rules_of(lakehouse, contract, lakehouse.policy):
        raise NoGroundError("what is published was made by other rules or another policy, or is left of an erasure")
    found = {name: _files(lakehouse, contract_of(name), published.upstream.get(name)) for name in {*inputs, *counted}}
    for name in inputs:
        if name in ONLY_GROWING and found[name].went:
            raise NoGroundError(f"rows of {name} were taken away or written again")
    return Ground(published, found)


def files_then(table: "Table", snapshot_id: int | None) -> tuple[str, ...]:
    """The files of a version that something was made from, or what upkeep made of them. Raises NoGroundError."""
    found = _compacted(table, snapshot_id)
    if found is None or table.snapshot_by_id(found) is None:
        raise NoGroundError(f"the version of {table.name()[-1]} that it was made from is no longer kept")
    return _of_snapshot(table, found)


def _files(lakehouse: "Lakehouse", contract: Contract, then: int | None) -> Files:
    from stedi_assets.lakehouse.catalog import published_table  # the graph is loaded without the catalog's library

    table = published_table(lakehouse.tables.catalog, contract)
    return Files(contract, files_then(table, then), _of_snapshot(table, lakehouse.tables.loaded[contract.table]))


def _compacted(table: "Table", snapshot_id: int | None) -> int | None:
    """The snapshot that upkeep made of this one's rows, if it did."""
    made = {s.parent_snapshot_id: s.snapshot_id for s in table.snapshots() if s.summary and UPKEEP in _facts(s.summary)}
    while snapshot_id is not None and snapshot_id in made:
        snapshot_id = made[snapshot_id]
    return snapshot_id


def _facts(summary: object) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(summary, "additional_properties", {})
    return found


def _of_snapshot(table: "Table", snapshot_id: int) -> tuple[str, ...]:
    from stedi_assets.lakehouse.damage import scan_of  # as above

    tasks = list(scan_of(table, snapshot_id).plan_files())
    if any(task.delete_files for task in tasks):
        raise NoGroundError(f"{table.name()[-1]} has delete files, which nothing here reads")
    return tuple(sorted(task.file.file_path for task in tasks))
