"""Versions and branches of a table that are older than the retention go; what people pinned stays.

Here: which, and the commit that lets go of them. Not here: their files (`orphans`). A tag is somebody's pin: it stays,
with the snapshot that it is on. A branch is work in progress, or was: it goes when nobody has written to it for as
long as the retention.
"""

from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.update import AssertRefSnapshotId
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import find_table, never_retry
from stedi_assets.lakehouse.change import Change
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.versions import versions_of


@dataclass(frozen=True)
class Expiry:
    """What one table let go of, and how many versions of it are kept. `pinned`: of these, by branches and tags."""

    table: str
    snapshots: tuple[int, ...] = ()
    branches: tuple[str, ...] = ()
    kept: int = 0
    pinned: int = 0


def expire(catalog: Catalog, contract: Contract, before_ms: int) -> Expiry:
    """Removes versions that were replaced, and branches that were last written to, before then (epoch ms).

    Raises PublicationRefusedError where the table changed meanwhile; then nothing was removed. Raises
    CommitUnknownError.
    """
    table = find_table(catalog, contract)
    if table is None:
        return Expiry(contract.table)
    branches = _stale_branches(table, before_ms)
    held = {ref.snapshot_id for name, ref in table.refs().items() if name not in branches}
    versions = versions_of(table)
    gone = tuple(
        version.snapshot_id
        for version in versions
        if version.snapshot_id not in held and version.replaced_ms is not None and version.replaced_ms < before_ms
    )
    if gone or branches:
        _commit(table, contract, branches, gone)
    pinned = [version for version in versions if set(version.pins).difference(branches)]
    return Expiry(contract.table, gone, branches, len(versions) - len(gone), len(pinned))


def _stale_branches(table: Table, before_ms: int) -> tuple[str, ...]:
    made = {snapshot.snapshot_id: snapshot.timestamp_ms for snapshot in table.metadata.snapshots}
    return tuple(
        sorted(
            name
            for name, ref in table.refs().items()
            if ref.snapshot_ref_type == SnapshotRefType.BRANCH
            and name != MAIN_BRANCH
            and made.get(ref.snapshot_id, 0) < before_ms
        )
    )


def remove_versions(table: Table, contract: Contract, snapshots: tuple[int, ...]) -> None:
    """Remove these versions, none of them the current one, with the branches and tags on them.

    Raises PublicationRefusedError where the table changed since it was loaded; then nothing was removed. Raises
    CommitUnknownError.
    """
    pins = (name for name, ref in table.refs().items() if name != MAIN_BRANCH and ref.snapshot_id in snapshots)
    _commit(table, contract, tuple(sorted(pins)), snapshots)


def _commit(table: Table, contract: Contract, branches: tuple[str, ...], snapshots: tuple[int, ...]) -> None:
    never_retry(table)
    transaction = Change(table)
    # By itself a removal of snapshots asks nothing of the catalog: one that became current since would go.
    known = [{"ref": name, "snapshot-id": ref.snapshot_id} for name, ref in table.refs().items()]
    transaction._stage((), tuple(map(AssertRefSnapshotId.model_validate, known)))
    with ManageSnapshots(transaction) as references:
        for name in branches:
            references.remove_branch(name)
    if snapshots:
        ExpireSnapshots(transaction).by_ids(list(snapshots)).commit()
    try:
        transaction.commit_transaction()
    except CommitFailedException:
        raise PublicationRefusedError(
            f"{contract.table} changed while its old versions were looked for; nothing was removed: run again"
        ) from None
