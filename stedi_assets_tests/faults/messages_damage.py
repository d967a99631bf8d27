"""Messages about objects of tables that are missing, damaged, or cannot be returned."""

import os

from pyiceberg.table import Table

from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.lakehouse import damage
from stedi_assets.lakehouse.catalog import open_catalog
from stedi_assets.lakehouse.damage import damaged_snapshots
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.settings import Settings
from stedi_assets_tests.aws import moto_server, use_bucket_of
from stedi_assets_tests.damaging import DATA_FILE, MANIFEST_LIST, delete, flip, objects_of
from stedi_assets_tests.erased_tables import ANN, publish, table_of
from stedi_assets_tests.faults.messages_unreadable import no_answer
from stedi_assets_tests.faults.said import Given, Provoke, sentence


def _damaged(given: Given, how: str) -> str:
    publish(given.tables, ANN)
    found = objects_of(table_of(given.tables))
    if how == "deleted":
        delete(given.lake, found[MANIFEST_LIST])
    else:
        flip(given.lake, found[DATA_FILE], 1)
    return given.said("query", "SELECT email FROM customer_trusted", STEDI_HOME=str(Settings.load().home))


def _unreadable(given: Given) -> str:
    publish(given.tables, ANN)
    table = table_of(given.tables)
    given.patch.setattr(damage, "_read_whole", no_answer)
    return sentence(lambda: raise_damage(table))


def raise_damage(table: Table) -> None:
    raise next(damaged_snapshots(table, table.snapshots(), contents=True))


def _metadata_gone(given: Given) -> str:
    with moto_server() as moto:
        use_bucket_of(given.lake.store, moto, given.patch)
        settings = Settings.load()
        store = Store(settings.bucket, settings.region, settings.prefix, s3_url=os.environ["AWS_ENDPOINT_URL"])
        tables = Tables(open_catalog(store), given.tables.spark, given.lake.s3, retention_days=3)
        publish(tables, ANN)
        delete(given.lake, table_of(tables).metadata_location)
        return sentence(lambda: tables.published(CUSTOMER_TRUSTED))


MESSAGES: dict[str, Provoke] = {
    "… cannot be read: s3://… of its snapshot … is missing; build the tables again from what landed: …": (
        lambda g: _damaged(g, "deleted")
    ),
    "… cannot be read: s3://… of its snapshot … is damaged; build the tables again from what landed: …": (
        lambda g: _damaged(g, "changed")
    ),
    "… cannot be read: s3://… of its snapshot … cannot be read from the store; build the tables …": (_unreadable),
    "… cannot be read: the metadata file that the catalog names for it is missing or damaged; bring it back …": (
        _metadata_gone
    ),
}
