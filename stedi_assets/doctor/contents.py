"""The store's contents: whether it still has what the last run left in it, and whether that can be read.

Reads one object of each source of the landing zone, and the metadata and one data file of each published table. Of a
store that does not run only its files are looked at. For the servers themselves, see `store`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stedi_assets.contracts import CONTRACTS, Contract
from stedi_assets.doctor.finding import Finding
from stedi_assets.settings import AWS, Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from stedi_assets.lakehouse.store import Store

_MOST_BYTES = 64 * 2**20  # of a larger object the beginning is read
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})


def findings(settings: Settings) -> Iterator[Finding]:
    """The index of a home's store, then the objects. A store that does not answer is reported by `store`."""
    from stedi_assets.lakehouse.connection import StoreError, connect_running
    from stedi_assets.lakehouse.services import ServicesError

    try:
        store = connect_running(settings)
    except (ServicesError, StoreError):
        return
    if settings.env != AWS and (lost := _lost_index(settings, store)):
        yield Finding("store's index", "wrong", lost, "restore a backup of the home; until then commands refuse to run")
    elif store is not None:
        yield from _objects(store)


def _lost_index(settings: Settings, store: "Store | None") -> str | None:
    from stedi_assets.lakehouse.inventory import lost_index, read_inventory
    from stedi_assets.lakehouse.services.home import Home

    if store is not None:
        return lost_index(settings.home, store)
    recorded, home = read_inventory(settings.home), Home(settings.home)
    if recorded is None or not recorded.tables or home.has_index:
        return None
    return f"{recorded.tables} tables are expected, as the last run left them, and {home.store} has no index"


def _objects(store: "Store") -> Iterator[Finding]:
    """What cannot be read, then how much could be."""
    import boto3
    from botocore.config import Config

    from stedi_assets.lakehouse.catalog import open_catalog

    # One try: an object that cannot be read is not worth the waiting between several.
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    s3 = boto3.session.Session().client("s3", config=config)
    catalog = open_catalog(store)
    read = [*_sources(store, s3), *(_table(catalog, s3, contract) for contract in CONTRACTS)]
    found = [finding for finding in read if finding is not None]
    yield from (finding for finding in found if not finding.is_fine)
    fine = sum(finding.is_fine for finding in found)
    yield Finding("objects", "ok", f"one of each source and table: {fine} of {len(found)} could be read")


def _sources(store: "Store", s3: Any) -> Iterator[Finding]:
    """A finding for each source that has an object."""
    from stedi_assets.lakehouse.lakehouse import own_zone

    first = {landed.source: landed for landed in reversed(own_zone(store, s3).objects())}
    for source, landed in first.items():
        try:
            _read(s3, f"s3://{landed.bucket}/{landed.key}", landed.bytes)
        except Exception as error:  # damage shows in many ways
            remedy = "put it there again under the same name, or delete it"
            yield _unreadable(f"source {source}", f"s3://{landed.bucket}/{landed.key}", error, remedy)
        else:
            yield Finding(f"source {source}", "ok", "")


def _table(catalog: "Catalog", s3: Any, contract: Contract) -> Finding | None:
    """The finding on the current version of a table; None for a table that was never published."""
    from stedi_assets.lakehouse.catalog import find_table

    place = "its metadata"
    try:
        table = find_table(catalog, contract)
        if table is None or table.current_snapshot() is None:
            return None
        files = [task.file for task in table.scan().plan_files()]
        for file in files[:1]:
            place = file.file_path
            _read(s3, place, file.file_size_in_bytes)
    except Exception as error:  # damage shows in many ways
        return _unreadable(f"table {contract.table}", place, error, "build the tables again: stedi run --full")
    return Finding(f"table {contract.table}", "ok", "")


def _unreadable(what: str, place: str, error: Exception, remedy: str) -> Finding:
    """The finding on an object that cannot be read. Texts of errors are left out: they may quote requests."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
    is_denied = code in _DENIED
    return Finding(
        what,
        "not reachable" if is_denied else "wrong",
        f"{place} cannot be read ({code})",
        "see the rights to the bucket" if is_denied else remedy,
    )


def _read(s3: Any, uri: str, size: int) -> None:
    """Reads an object. Raises EOFError where it is not as long as it was listed or recorded."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    left = min(size, _MOST_BYTES)
    while left and (piece := body.read(min(left, 2**20))):
        left -= len(piece)
    body.close()
    if left:
        raise EOFError
