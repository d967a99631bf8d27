"""`stedi deliver`: adds files to the landing zone as a new delivery, as the devices do.

It waits for no run and stops none: a run reads what it has listed, the next one reads this.
"""

from collections.abc import Sequence
from pathlib import Path

from stedi_assets.cli.terminal import print_line
from stedi_assets.lakehouse.connection import start
from stedi_assets.landing.delivery import Delivery
from stedi_assets.settings import Settings


def deliver_files(source: str, paths: Sequence[Path], name: str) -> None:
    """Delivers the files and says what arrived. Raises the errors of `errors`; what is wrong is refused first."""
    settings = Settings.load()
    delivery = Delivery.of(source, [path.expanduser() for path in paths], name)
    starting = start(settings)  # the services come up while Python imports
    import boto3

    from stedi_assets.building.ingestion import unreadable_objects
    from stedi_assets.lakehouse.catalog import open_catalog
    from stedi_assets.lakehouse.lakehouse import own_zone

    store = starting.wait()
    zone = own_zone(store, boto3.client("s3"))
    written = zone.deliver(delivery, unreadable_objects(open_catalog(store), zone.s3, store))
    print_line(
        f"{delivery.source}, delivery {delivery.id}: {len(delivery.files):,} objects of {delivery.bytes:,} bytes "
        f"are in {zone.uri}, {written:,} of them new"
    )
    if written:
        print_line("next: stedi run; where stedi dev serves, its sensor `arrivals` starts the run by itself")
