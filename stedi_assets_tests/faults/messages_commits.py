"""Messages about changes that the catalog does not answer."""

from dataclasses import replace

from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.lakehouse import committing
from stedi_assets.lakehouse.catalog import open_catalog
from stedi_assets.lakehouse.store import Store
from stedi_assets_tests.faults.plans import Rule
from stedi_assets_tests.faults.proxy import Fault, Proxy
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.support.erased_tables import ANN, BEN, publish
from stedi_assets_tests.support.frames import frame


def _never_answered(given: Given) -> str:
    publish(given.tables, ANN)
    staged = given.tables.stage(frame(given.tables.spark, CUSTOMER_TRUSTED, {"email": BEN}), CUSTOMER_TRUSTED)
    given.patch.setattr(committing, "FIRST_PAUSE_SECONDS", 0.0)
    proxy = Proxy(given.lake.endpoints.s3_url, given.lake.endpoints.catalog_url)
    given.tables.catalog = open_catalog(Store.of_home(replace(given.lake.endpoints, catalog_url=proxy.catalog_url)))
    try:
        with proxy.following(Rule(Fault(status=500), method="POST", times=committing.TRIES)):
            return sentence(lambda: given.tables.publish(staged, "run-1"))
    finally:
        proxy.close()


MESSAGES: dict[str, Provoke] = {
    "it cannot be known whether … was changed: the catalog was told and did not answer (…). Readers see it whole, as "
    "it was or as it was to be; its files stay until upkeep finds that nothing needs them: …": _never_answered,
}
