"""Messages about data: what landed, what is published, rolled back, erased, tidied."""

from threading import Event
from typing import Any

from stedi_assets.audits import within
from stedi_assets.building import rollback
from stedi_assets.contracts import CONTRACTS, CUSTOMER_TRUSTED
from stedi_assets.erasure.registry import KEY as REGISTRY_KEY
from stedi_assets.keys import ERASURE_FILE
from stedi_assets.lakehouse import tables as lakehouse_tables
from stedi_assets.lakehouse.catalog import bring_up_to_contract
from stedi_assets.lakehouse.objects import table_objects
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.landing.fetch import fetch
from stedi_assets.landing.zone import Zone
from stedi_assets.settings import Settings
from stedi_assets.upkeep.orphans import remove_orphans
from stedi_assets_tests.cli.test_rollback import back
from stedi_assets_tests.faults.said import Given, Provoke, refused, sentence
from stedi_assets_tests.support.erased_tables import ANN, BEN, CID, publish, snapshot_ids
from stedi_assets_tests.support.frames import frame
from stedi_assets_tests.support.lake import AGREED, CUSTOMERS, STEPS, TAKEN, bring, customer, lines, motion

LANDING_ONLY = ("--select", "customer_landing")  # the landing tables only come together
UP_TO_CUSTOMERS = [contract for contract in CONTRACTS if contract.zone == "landing" or contract == CUSTOMER_TRUSTED]


def _landing(given: Given, *folders: str) -> str:
    for folder in folders:
        (given.folder / "landing" / folder).mkdir(parents=True)
    return sentence(lambda: given.lake.zone.mirror(given.folder / "landing"))


def _dangling(given: Given) -> str:
    (given.folder / "landing" / "customer").mkdir(parents=True)
    (given.folder / "landing" / "customer" / "a.json").symlink_to("/nowhere")
    return _landing(given, "accelerometer", "step_trainer")


def _cut_off_copy(given: Given) -> str:
    zone = given.lake.zone
    bring(given.lake, given.folder / "landing")
    zone.s3.put_object(Bucket=zone.bucket, Key=zone._mark)
    return sentence(zone.objects_to_ingest)


def _of_no_bucket(given: Given) -> str:
    zone = Zone("s3://nowhere-at-all/zone", given.lake.s3)
    return sentence(zone.objects_to_ingest)


def _changed_object(given: Given) -> str:
    given.lake.put("customer/a.json", "{}")
    key = f"{given.lake.zone.prefix}customer/a.json"
    return refused(lambda: fetch(given.lake.zone.bucket, key, '"another"'))


def _too_large(given: Given) -> str:
    bring(given.lake, given.folder / "landing")
    return _ending(given, "FAILED", 1, *LANDING_ONLY, STEDI_MAX_OBJECT_BYTES="200")


def _warned(given: Given) -> str:
    bring(given.lake, given.folder / "landing", motions=[motion("ann@x.org", AGREED - 1)])
    return _ending(given, "WARN", 0)


def _failed(given: Given) -> str:
    bring(given.lake, given.folder / "landing", steps=lines(STEPS) + '{"cut')
    return _ending(given, "FAILED", 1, *LANDING_ONLY)


def _ending(given: Given, word: str, status: int, *words: str, **settings: str) -> str:
    """The first line of that word with which `stedi run` ends on the landing zone of the test."""
    settings |= {"STEDI_HOME": str(Settings.load().home)}
    told = given.told("run", "--landing", given.lake.zone.uri, *words, status=status, **settings)
    return next(line for line in told.splitlines() if line.startswith(word))


def _unread(given: Given, *words: str) -> str:
    """A command on the home of the session, whose tables were dropped."""
    given.lake.drop_tables()
    return given.said(*words, STEDI_HOME=str(Settings.load().home))


def _bad_query(given: Given) -> str:
    return given.said("query", "SELECT CAST('a' AS INTEGER)", STEDI_HOME=str(Settings.load().home))


def _unknown_snapshot(given: Given) -> str:
    publish(given.tables, ANN)
    words = ("query", "FROM customer_trusted", "--as-of", "customer_trusted=7")
    return given.said(*words, STEDI_HOME=str(Settings.load().home))


def _rolled_back(given: Given, *people: str, to: int | None = None) -> str:
    given.patch.setattr(rollback, "_verdicts", lambda *_all: [])
    for person in people:
        publish(given.tables, person)
    return refused(lambda: back(given.lake, given.tables, CUSTOMER_TRUSTED, to))


def _rolled_back_to_the_current(given: Given) -> str:
    publish(given.tables, ANN)
    publish(given.tables, BEN)
    return _rolled_back(given, to=snapshot_ids(given.tables)[-1])


def _rolled_back_meanwhile(given: Given) -> str:
    publish(given.tables, ANN)
    publish(given.tables, BEN)
    given.patch.setattr(rollback, "_verdicts", lambda *_all: [publish(given.tables, CID)][:0])
    return refused(lambda: back(given.lake, given.tables, CUSTOMER_TRUSTED))


def _withdrawn_since(given: Given) -> str:
    bring(given.lake, given.folder / "landing")
    assert given.lake.run(select=UP_TO_CUSTOMERS).success
    bring(given.lake, given.folder / "landing", [*CUSTOMERS, customer("Ann@x.org", "s1", None, TAKEN)])
    assert given.lake.run(select=UP_TO_CUSTOMERS).success
    told = given.told("rollback", "customer_trusted", status=1, STEDI_HOME=str(Settings.load().home))
    return next(line for line in told.splitlines() if line.startswith("REFUSED"))


def _published_meanwhile(given: Given) -> str:
    publish(given.tables, ANN)
    staged = given.tables.stage(frame(given.tables.spark, CUSTOMER_TRUSTED, {"email": BEN}), CUSTOMER_TRUSTED)
    publish(_another(given), CID)
    return refused(lambda: given.tables.publish(staged, "run-1"))


def _committed_meanwhile(given: Given) -> str:
    """As above, at the last moment: the commit itself has to refuse."""
    publish(given.tables, ANN)
    staged = given.tables.stage(frame(given.tables.spark, CUSTOMER_TRUSTED, {"email": BEN}), CUSTOMER_TRUSTED)

    def commit_first(*all_: Any) -> None:
        given.patch.undo()
        publish(_another(given), CID)
        bring_up_to_contract(*all_)

    given.patch.setattr(lakehouse_tables, "bring_up_to_contract", commit_first)
    return refused(lambda: given.tables.publish(staged, "run-1"))


def _another(given: Given) -> Tables:
    return Tables(given.lake.catalog, given.tables.spark, given.lake.s3, retention_days=3)


def _files_gone(given: Given) -> str:
    publish(given.tables, ANN)
    table = given.lake.catalog.load_table("stedi.customer_trusted")
    data = next(uri for uri in table_objects(given.lake.s3, table.location()) if uri.endswith(".parquet"))
    bucket, _, key = data.removeprefix("s3://").partition("/")
    given.lake.s3.delete_object(Bucket=bucket, Key=key)
    return refused(lambda: remove_orphans(given.lake.catalog, given.lake.s3, CUSTOMER_TRUSTED, 0, None))


def _nobody_landed(given: Given) -> str:
    told = given.told("forget", "--withdrawn", status=1, STEDI_HOME=str(Settings.load().home))
    return next(line for line in told.splitlines() if line.startswith("FAILED"))


def _list_gone(given: Given) -> str:
    given.lake.request("ann@x.org")
    given.lake.s3.delete_object(Bucket=given.lake.store.bucket, Key=given.lake.store.key(REGISTRY_KEY))
    return sentence(given.lake.registry.suppression)


def _list_damaged(given: Given) -> str:
    key = given.lake.store.key(REGISTRY_KEY)
    given.lake.s3.put_object(Bucket=given.lake.store.bucket, Key=key, Body=b"[")
    return sentence(given.lake.registry.suppression)


def _list_without_key(given: Given) -> str:
    given.lake.request("ann@x.org")
    (Settings.load().home / ERASURE_FILE).unlink()
    return sentence(given.lake.registry.suppression)


def _list_of_another_key(given: Given) -> str:
    given.lake.request("ann@x.org")
    (Settings.load().home / ERASURE_FILE).write_text("k" * 64)
    return sentence(given.lake.registry.suppression)


def _not_found(given: Given) -> str:
    told = given.told("forget", "unknown@x.org", status=1, STEDI_HOME=str(Settings.load().home))
    return next(line for line in told.splitlines() if line.startswith("WARN"))


MESSAGES: dict[str, Provoke] = {
    "… is no folder; a folder with customer, accelerometer, step_trainer in it is expected": lambda g: g.said(
        "run", "--landing", "/nowhere", STEDI_HOME=str(Settings.load().home)
    ),
    "… needs one folder … in it; found: …. Nothing was changed": lambda g: _landing(g, "customer", "customers"),
    "… has no .json or .json.gz files in it. Nothing was changed": lambda g: _landing(
        g, "customer", "accelerometer", "step_trainer"
    ),
    "… cannot be read as a file; nothing was changed": _dangling,
    "s3:… is no bucket prefix; s3://BUCKET/PREFIX is expected": lambda g: sentence(lambda: Zone.of("s3://", g.lake.s3)),
    "s3://…: there is no bucket …; s3://BUCKET/PREFIX of a bucket that exists is expected": _of_no_bucket,
    "s3://… is incomplete: the copying of a folder into it was cut off. Nothing was published; copy it again: …": (
        _cut_off_copy
    ),
    "s3://… has no .json or .json.gz objects for …; … needs at least one. Nothing was published; …": lambda g: sentence(
        g.lake.zone.objects_to_ingest
    ),
    "a landing object was changed or deleted while it was read; nothing was published: run again": _changed_object,
    "FAILED  a landing object holds … bytes of text, at most … are allowed: split the object, or raise …": _too_large,
    "FAILED  not published: …. Failed: …: … expected …, found …. What readers see of them is unchanged": _failed,
    "WARN  …: expected …, found …": _warned,
    "the checks of … did not end within … s; it is not published, …": lambda g: refused(
        lambda: within(0.1, "customer_trusted", ask=Event().wait, give_up=list)
    ),
    "… was never published; publish it first: stedi run (or materialize it in the UI)": lambda g: _unread(
        g, "query", "FROM customer_trusted"
    ),
    "… has no snapshot …; kept, the newest first: …. Replaced ones are kept for STEDI_RETENTION_DAYS, …": (
        _unknown_snapshot
    ),
    "the query failed: …": _bad_query,
    "… was published by someone else while this run audited its own version; nothing was published: run again": (
        _committed_meanwhile
    ),
    "… was computed when … was at snapshot …, and … is at … now; nothing was published: run again": (
        _published_meanwhile
    ),
    "… has no older version than the current one; …": lambda g: _rolled_back(g, ANN),
    "… has no snapshot …; stedi history … lists …": lambda g: _rolled_back(g, ANN, BEN, to=7),
    "snapshot … is what readers of … see now; …": _rolled_back_to_the_current,
    "… was published by someone else meanwhile; it was not rolled back: run again": _rolled_back_meanwhile,
    "REFUSED  … was not rolled back to …, which does not pass the rules in force now: … expected …, found …. …": (
        _withdrawn_since
    ),
    "snapshot … should have all of its files below …; … are not there, such as …. Nothing was deleted; …": _files_gone,
    "FAILED  there is no customer record, …, that says who agrees; bring the data first: …. Nothing was erased": (
        _nobody_landed
    ),
    "WARN  nothing of a customer with this address was found: compare it with the customer's records. It is on the "
    "list of erasures: what arrives with it is dropped": _not_found,
    "…, the list of erasures, is gone, and … says that there was one: bring it back from a copy, …": _list_gone,
    "… is not the list of erasures that was written there; bring it back from a copy, …": _list_damaged,
    "… lists … erasures, and the key that made it is expected in …, but there is none: bring the key back …": (
        _list_without_key
    ),
    "… lists … erasures, and the key that made it is expected in …, but another one is there: …": _list_of_another_key,
}
