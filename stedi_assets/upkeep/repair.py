"""Remove older versions of a table that cannot be read any more: an erasure and upkeep have to read every kept one.

Contains the search and the commit. For the current version, which a run with `full` has built again, see `tables`.
"""

from typing import TYPE_CHECKING, Any

from pyiceberg.catalog import Catalog

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import find_table
from stedi_assets.lakehouse.damage import damaged_snapshots
from stedi_assets.lakehouse.publication import DamagedTableError
from stedi_assets.upkeep.expiry import remove_versions
from stedi_assets.upkeep.orphans import remove_orphans

if TYPE_CHECKING:
    from stedi_assets.lakehouse.lakehouse import Lakehouse

_DAY_MS = 86_400_000


def repair_history(lakehouse: "Lakehouse", contract: Contract, now_ms: int) -> list[DamagedTableError]:
    """Remove the versions that are not current and lack an object, with the branches and tags on them.

    Their other objects are deleted, too: nothing refers to them any more.

    Returns:
        What was wrong with each.

    Raises:
        PublicationRefusedError: The table changed in the meantime; nothing was removed.
        CommitUnknownError: The catalog did not answer.
    """
    catalog: Catalog = lakehouse.tables.catalog
    s3: Any = lakehouse.s3
    table = find_table(catalog, contract)
    current = table.current_snapshot() if table else None
    if table is None or current is None:
        return []
    older = [snapshot for snapshot in table.snapshots() if snapshot.snapshot_id != current.snapshot_id]
    # S3 on AWS checks what it stores by itself; there every kept version would have to be read over the network.
    contents = not lakehouse.store.is_aws
    damages = list(damaged_snapshots(table, older, contents=contents))
    if damages:
        remove_versions(table, contract, tuple(damage.snapshot_id for damage in damages))
        remove_orphans(catalog, s3, contract, 0, now_ms - _DAY_MS if lakehouse.store.is_aws else None)
    return damages
