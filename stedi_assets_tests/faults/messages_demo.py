"""Messages about the demo set and real data in one home, an emptied landing zone, and a store that lost its index."""

from dataclasses import replace
from pathlib import Path

from stedi_assets.lakehouse.demo import bring_demo, fill_new_home, refuse_demo, replace_demo
from stedi_assets.lakehouse.inventory import record_inventory
from stedi_assets.settings import Settings
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.support.lake import lines, motion, step, write_landing

CUSTOMER = '{"email": "real@x.org"}'


def _set(given: Given) -> Path:
    return write_landing(given.folder / "set", CUSTOMER, lines([motion("a@x.org")]), lines([step("s1")]))


def _demo(given: Given) -> None:
    given.lake.zone.mirror(_set(given), is_demo=True)


def _lost_index(given: Given) -> str:
    given.lake.drop_tables()
    record_inventory(Settings.load().home, tables=9, objects=3)
    return given.said("tables", STEDI_HOME=str(Settings.load().home))


def _emptied(given: Given) -> str:
    given.lake.drop_tables()
    record_inventory(Settings.load().home, tables=0, objects=3)
    return sentence(lambda: fill_new_home(Settings.load(), given.lake.store, given.lake.zone))


def _brought_into_the_demo_set(given: Given) -> str:
    _demo(given)
    return sentence(lambda: refuse_demo(given.lake.zone))


def _beside_the_demo_set(given: Given) -> str:
    _demo(given)
    given.lake.put("customer/delivery/1/c.json", CUSTOMER)
    return sentence(given.lake.zone.objects_to_ingest)


def _demo_over_real(given: Given) -> str:
    given.lake.put("customer/delivery/1/c.json", CUSTOMER)
    return sentence(lambda: bring_demo(replace(Settings.load(), data=_set(given)), given.lake.zone))


def _nothing_instead(given: Given) -> str:
    _demo(given)
    return sentence(lambda: replace_demo(given.lake.zone, given.lake.zone))


MESSAGES: dict[str, Provoke] = {
    "the store of this home has lost its index: … tables are expected, as the last run left them, and … were found. "
    "Nothing was changed; …": _lost_index,
    "s3://… is empty, and this home is not new (…). Nothing was published; bring its objects back …": _emptied,
    "s3://… holds the demo set, and made-up records must not be published with real ones. Nothing was changed; …": (
        _brought_into_the_demo_set
    ),
    "s3://… holds the demo set and … other objects, and made-up records must not be published with real ones. "
    "Nothing was published; …": _beside_the_demo_set,
    "s3://… holds … objects that are not of the demo set, and made-up records must not replace real ones …": (
        _demo_over_real
    ),
    "s3://… has no objects for … except those of the demo set. Nothing was changed; …": _nothing_instead,
    "--demo brings the demo set, so it goes with neither --landing nor --replace-demo": lambda g: g.said(
        "run", "--demo", "--replace-demo"
    ),
}
