"""Objects that nothing refers to: left by runs that died, by versions that expired, by uploads that never ended.

Here: which objects of a table's location and of the working folders those are, and deleting them. What is referred to
is asked of the catalog after the objects were listed: one that became part of a table since is not taken for an orphan.

Where no lock keeps others out (on AWS), what is young may be theirs, not yet published: `before_ms` leaves it alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyiceberg.catalog import Catalog

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.catalog import find_table
from stedi_assets.lakehouse.objects import StoredObject, abort_uploads, delete_objects, stored_below, table_objects
from stedi_assets.lakehouse.snapshots import SnapshotFiles, is_unreferenced, missing_of, snapshots_of

if TYPE_CHECKING:
    from pyiceberg.table import Table


class NotTidiedError(RuntimeError):
    """A table's files do not lie where its snapshots say. No object of it was deleted."""


@dataclass(frozen=True)
class Orphans:
    """What was deleted below one place. `uploads`: that were begun and never completed."""

    place: str
    objects: int = 0
    bytes: int = 0
    uploads: int = 0


def remove_orphans(catalog: Catalog, s3: Any, contract: Contract, retained_ms: int, before_ms: int | None) -> Orphans:
    """Deletes what no snapshot of the table needs: files, manifests, and the metadata of versions before the retention.

    `retained_ms`: the begin of the retention; earlier versions of the metadata file go. Raises NotTidiedError.
    """
    table = find_table(catalog, contract)
    if table is None:
        return Orphans(contract.table)
    location = table.location()
    listed = stored_below(s3, location)
    table = catalog.load_table(table.name())
    history = snapshots_of(table)
    _refuse_if_elsewhere(s3, table, history, listed)
    referenced = {path for snapshot in history for path in snapshot.referenced}
    metadata = _metadata_needed(table, retained_ms)
    orphans = {
        uri: found
        for uri, found in listed.items()
        if (is_unreferenced(uri, location, referenced) or _is_old_metadata(uri, location, metadata))
        and not uri.endswith("/")  # a marker: deleting it is deleting the folder
        and _is_before(found, before_ms)
    }
    delete_objects(s3, location, orphans)
    return Orphans(
        contract.table, len(orphans), _bytes(orphans.values()), abort_uploads(s3, location, begun_before_ms=before_ms)
    )


def remove_leftovers(s3: Any, folder: str, before_ms: int | None) -> Orphans:
    """Deletes everything in a working folder of runs: nobody refers to what lies there once its run has ended."""
    left = {uri: found for uri, found in stored_below(s3, folder).items() if _is_before(found, before_ms)}
    delete_objects(s3, folder, left)
    return Orphans(folder, len(left), _bytes(left.values()), abort_uploads(s3, folder, begun_before_ms=before_ms))


def _refuse_if_elsewhere(s3: Any, table: "Table", history: list[SnapshotFiles], listed: Iterable[str]) -> None:
    missing = missing_of(history, frozenset(listed))
    # A snapshot may be younger than the listing: only what a new one lacks as well is not there.
    if missing and (missing := missing_of(history, table_objects(s3, table.location()))):
        raise NotTidiedError(
            f"snapshot {missing[0]} should have all of its files below {table.location()}; {len(missing[1])} are not "
            f"there, such as {missing[1][0]}. Nothing was deleted; build the tables again: stedi run --full"
        )


def _metadata_needed(table: "Table", retained_ms: int) -> frozenset[str]:
    """The metadata file that is current, and those that were written within the retention."""
    log = table.metadata.metadata_log
    return frozenset({table.metadata_location, *(e.metadata_file for e in log if e.timestamp_ms >= retained_ms)})


def _is_old_metadata(uri: str, location: str, needed: frozenset[str]) -> bool:
    return uri.startswith(f"{location}/metadata/") and uri.endswith(".metadata.json") and uri not in needed


def _is_before(found: StoredObject, before_ms: int | None) -> bool:
    return before_ms is None or found.written_ms < before_ms


def _bytes(objects: Iterable[StoredObject]) -> int:
    return sum(found.bytes for found in objects)
