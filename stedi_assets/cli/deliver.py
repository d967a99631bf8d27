"""`stedi deliver`: adds files to the landing zone as a new delivery, as the devices do.

It waits for no run and stops none: a run reads what it has listed, the next one reads this. Real data does not come
into a zone that holds the demo set, unless it replaces the set.
"""

from collections.abc import Sequence
from pathlib import Path

from stedi_assets.cli.terminal import print_line
from stedi_assets.lakehouse.connection import start
from stedi_assets.landing.delivery import Delivery
from stedi_assets.settings import Settings, expand


def deliver_files(source: str, paths: Sequence[Path], name: str, *, replace_demo: bool = False) -> None:
    """Delivers the files and says what arrived. Raises the errors of `errors`; what is wrong is refused first.

    `replace_demo`: the demo set is removed from the zone once the files are there.
    """
    settings = Settings.load()
    delivery = Delivery.of(source, [expand(path, "PATH") for path in paths], name)
    starting = start(settings)  # the services come up while Python imports
    from stedi_assets.lakehouse.client import store_client
    from stedi_assets.lakehouse.demo import adopt_demo, refuse_demo
    from stedi_assets.lakehouse.inventory import count_tables, read_inventory, record_inventory
    from stedi_assets.lakehouse.lakehouse import own_zone
    from stedi_assets.lakehouse.services import copy_index

    store = starting.wait()
    zone = own_zone(store, store_client(store.s3_url))
    adopt_demo(settings, zone)
    if not replace_demo:
        refuse_demo(zone)
    written = zone.deliver(delivery)
    if zone.holds_demo:
        print_line(f"the demo set is removed from {zone.uri}: {zone.remove_demo():,} objects")
    if not store.is_aws and read_inventory(settings.home) is None:  # a home with a delivery is no new one
        record_inventory(settings.home, count_tables(store, zone.s3), len(zone.objects()))
    if store.services is not None:
        copy_index(settings.home)
    print_line(
        f"{delivery.source}, delivery {delivery.id}: {len(delivery.files):,} objects of {delivery.bytes:,} bytes "
        f"are in {zone.uri}, {written:,} of them new"
    )
    if written:
        print_line("next: stedi run; where stedi dev serves, its sensor `arrivals` starts the run by itself")
