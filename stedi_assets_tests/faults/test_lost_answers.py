"""Commits and look-ups whose answer is lost, late, cut or an error: made once or not at all, and nothing is deleted.

Here: one table behind a faulty store, commit by commit. Not here: whole runs (`test_faulty_store`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import boto3
import pytest
from pyspark.sql import SparkSession

from stedi_assets.building import rollback
from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.lakehouse import committing, rest_catalog
from stedi_assets.lakehouse.catalog import open_catalog
from stedi_assets.lakehouse.objects import get_object, put_object
from stedi_assets.lakehouse.publication import CommitUnknownError, PublicationRefusedError
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.upkeep.compaction import compact
from stedi_assets.upkeep.expiry import expire
from stedi_assets.upkeep.orphans import remove_orphans
from stedi_assets_tests.cli.test_rollback import lakehouse_of
from stedi_assets_tests.faults.plans import Counting, Rule
from stedi_assets_tests.faults.proxy import CATALOG, HANG, RESET, S3, TRUNCATE, Fault, Proxy, Request
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.erased_tables import ANN, BEN, CID, erase, people, publish, snapshot_ids
from stedi_assets_tests.support.frames import frame
from stedi_assets_tests.support.lake import Lake
from stedi_assets_tests.support.small_files import deliver

LATER_MS, ALWAYS, TIMES = 10**14, 10**6, 3
TOOK_EFFECT = [
    Fault(passes=True, status=500),
    Fault(passes=True, status=503),
    Fault(passes=True, how=RESET),
    Fault(passes=True, how=TRUNCATE),
]
NEVER_TOLD = [Fault(status=500), Fault(status=503), Fault(how=RESET)]


@pytest.fixture
def proxy(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(committing, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(rollback, "_verdicts", lambda *_all: [])
    proxy = Proxy(lake.endpoints.s3_url, lake.endpoints.catalog_url)
    yield proxy
    proxy.close()


@pytest.fixture
def behind(proxy: Proxy, lake: Lake, spark: SparkSession) -> Tables:
    """The tables of the lake, whose catalog and S3 are asked by way of the proxy; the engine writes past it."""
    store = Store.of_home(replace(lake.endpoints, s3_url=proxy.s3_url, catalog_url=proxy.catalog_url))
    return Tables(open_catalog(store), spark, boto3.client("s3", endpoint_url=proxy.s3_url), retention_days=3)


Change = Callable[[Lake, Tables], list[str]]  # makes it, and tells who is in the table then


def publication(lake: Lake, behind: Tables) -> list[str]:
    publish(behind, BEN)
    return [BEN]


def roll_back(lake: Lake, behind: Tables) -> list[str]:
    with lakehouse_of(lake, behind) as lakehouse:
        lakehouse.tables = behind
        rollback.roll_back(lakehouse, CUSTOMER_TRUSTED, snapshot_ids(behind)[0])
    return [ANN, BEN]


def compaction(lake: Lake, behind: Tables) -> list[str]:
    assert compact(behind, CUSTOMER_TRUSTED, "run").files_after == 1
    return sorted([ANN, CID, BEN, BEN, BEN, BEN])


def expiry(lake: Lake, behind: Tables) -> list[str]:
    assert len(expire(behind.catalog, CUSTOMER_TRUSTED, LATER_MS).snapshots) == 5
    return sorted([ANN, CID, BEN, BEN, BEN, BEN])


def erasure(lake: Lake, behind: Tables) -> list[str]:
    assert erase(behind).rows_removed == 1
    return sorted([CID, BEN, BEN, BEN, BEN])


def commits(fault: Fault, times: int = 1) -> Rule:
    return Rule(fault, to=CATALOG, method="POST", path=".*/tables/.*", times=times)


def six_versions(tables: Tables) -> None:
    """Ann and Ben; then, instead, Ann and Cid, to whom Ben is added four times."""
    publish(tables, ANN, BEN)
    publish(tables, ANN, CID)
    for _ in range(4):
        deliver(tables, BEN, contract=CUSTOMER_TRUSTED)


OTHERS: list[Change] = [roll_back, compaction, expiry, erasure]
CASES = [
    *((publication, fault) for fault in (*TOOK_EFFECT, *NEVER_TOLD)),
    *((change, fault) for change in OTHERS for fault in (TOOK_EFFECT[0], NEVER_TOLD[-1])),
]
# How many snapshots more, where there were six of them.
MADE: dict[Change, int] = {publication: 1, roll_back: 0, compaction: 1, expiry: -5, erasure: -5}


@pytest.mark.parametrize(("change", "fault"), CASES, ids=lambda given: getattr(given, "__name__", str(given)))
def test_a_change_is_made_once_whatever_becomes_of_its_answer(
    tables: Tables, lake: Lake, behind: Tables, proxy: Proxy, change: Change, fault: Fault
) -> None:
    six_versions(tables)
    before = len(snapshot_ids(tables))
    rule = commits(fault)
    with proxy.following(rule):
        expected = change(lake, behind)
    behind.discard_unpublished()
    lost = sorted(set(expected) - set(people(tables)))
    made = len(snapshot_ids(tables)) - before
    record("16: a commit's answer is lost", 1, lost=len(lost), wrong=made != MADE[change])
    assert (rule.done, people(tables), made) == (1, expected, MADE[change])


@pytest.mark.parametrize("change", [publication, *OTHERS], ids=lambda change: change.__name__)
def test_where_the_catalog_never_answers_nothing_is_changed_and_nothing_deleted(
    tables: Tables, lake: Lake, behind: Tables, proxy: Proxy, change: Change
) -> None:
    """The change might yet be made: whatever it names has to be there then."""
    six_versions(tables)
    seen, files = people(tables), set(tables.every_file(CUSTOMER_TRUSTED))
    rule = commits(Fault(how=RESET), ALWAYS)
    with proxy.following(rule), pytest.raises(CommitUnknownError) as unknown:
        change(lake, behind)
    behind.discard_unpublished()
    assert (rule.done, people(tables)) == (committing.TRIES, seen)
    assert str(unknown.value).startswith("it cannot be known whether customer_trusted was changed: ")
    left = set(tables.every_file(CUSTOMER_TRUSTED)) - files
    assert bool(left) == (change in (publication, compaction, erasure))
    expected = change(lake, behind)
    assert people(tables) == expected, "the next time it is made, once"
    remove_orphans(tables.catalog, tables.s3, CUSTOMER_TRUSTED, LATER_MS, None)
    kept = left & set(tables.every_file(CUSTOMER_TRUSTED))
    record("16: the catalog never answers a commit", 1, wrong=len(kept))
    assert kept == set(), "upkeep takes what nothing came to need"


def test_a_refusal_is_believed_and_told_to_nobody_twice(tables: Tables, behind: Tables, proxy: Proxy) -> None:
    publish(tables, ANN)
    staged = behind.stage(frame(behind.spark, CUSTOMER_TRUSTED, {"email": BEN}), CUSTOMER_TRUSTED)

    def another_first(request: Request) -> Fault | None:
        if request.to == CATALOG and request.method == "POST" and not told:
            told.append(request)
            publish(tables, CID)
        return None

    told: list[Request] = []
    counted = Counting()
    with proxy.following(lambda request: counted(request) or another_first(request)):
        with pytest.raises(PublicationRefusedError, match="by someone else"):
            behind.publish(staged, "run")
        behind.discard_unpublished()
    assert [number for asked, number in counted.found.items() if asked.startswith("catalog POST")] == [1]
    assert people(tables) == [CID]
    assert not set(staged.files) & set(tables.every_file(CUSTOMER_TRUSTED))
    record("17: another writer is first", 1)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=503), Fault(how=RESET), Fault(passes=True, how=TRUNCATE)],
    ids=str,
)
def test_what_is_looked_up_is_asked_again(
    tables: Tables, lake: Lake, behind: Tables, proxy: Proxy, fault: Fault
) -> None:
    publish(tables, ANN)
    uri = lake.store.uri("read/again")
    put_object(tables.s3, uri, b"what was put there")
    for to in (CATALOG, S3):
        rule = Rule(fault, to=to, method="GET|HEAD", times=TIMES)
        with proxy.following(rule):
            if to == CATALOG:
                found: object = people(behind)
                expected: object = [ANN]
            else:
                found = get_object(behind.s3, uri)
                expected = b"what was put there"
        record("16: a look-up is answered wrong", TIMES, wrong=found != expected)
        assert (rule.done, found) == (TIMES, expected)


def test_a_catalog_that_hangs_is_given_up(
    tables: Tables, behind: Tables, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_catalog, "READ_SECONDS", 0.5)
    publish(tables, ANN)
    for passes in (True, False):
        rule = commits(Fault(passes=passes, how=HANG))
        with proxy.following(rule):
            publish(behind, BEN)
        assert (rule.done, people(tables)) == (1, [BEN])
        rule = Rule(Fault(how=HANG), to=CATALOG, method="GET")
        with proxy.following(rule):
            assert people(behind) == [BEN]
        assert rule.done == 1
        record("16: the catalog hangs", 2)
    assert len(snapshot_ids(tables)) == 3
