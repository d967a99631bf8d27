"""What the lakehouse holds: objects in the landing zone, published tables. Counts only, of a store that answers."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stedi_assets.contracts import CONTRACTS, SOURCES
from stedi_assets.doctor.finding import Finding
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    from stedi_assets.lakehouse.store import Store


def findings(settings: Settings) -> Iterator[Finding]:
    """The landing zone and the tables. Nothing of a store that does not answer: that is told by `store`."""
    from botocore.exceptions import BotoCoreError, ClientError

    from stedi_assets.lakehouse.connection import StoreError, connect_running
    from stedi_assets.lakehouse.services import ServicesError

    try:
        store = connect_running(settings)
    except (ServicesError, StoreError):
        return
    if store is None:
        return
    for what, count in (("landing zone", _landed), ("tables", _published)):
        try:
            yield Finding(what, "ok", count(store))
        except (BotoCoreError, ClientError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
            yield Finding(what, "not reachable", f"the request ended with {code}", "see the rights to the bucket")


def _landed(store: "Store") -> str:
    from stedi_assets.lakehouse.client import store_client
    from stedi_assets.lakehouse.lakehouse import own_zone

    zone = own_zone(store, store_client(store.s3_url))
    objects = Counter(landed.source for landed in zone.objects())
    counted = ", ".join(f"{objects[source]:,} {source}" for source in SOURCES)
    return f"{zone.uri}: objects: {counted}" + ("; the demo set" if zone.holds_demo else "")


def _published(store: "Store") -> str:
    from stedi_assets.lakehouse.catalog import find_table, open_catalog

    catalog = open_catalog(store)
    tables = [find_table(catalog, contract) for contract in CONTRACTS]
    count = sum(table is not None and table.current_snapshot() is not None for table in tables)
    return f"{count} of {len(CONTRACTS)} published" + ("" if count else "; stedi run builds them")
