"""Readers while tables are published, and writers at the same time.

Whole versions only, no lost update, nothing twice. Not here: whole runs.
"""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.lakehouse.catalog import open_catalog
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.support.erased_tables import ANN, people, publish, snapshot_ids
from stedi_assets_tests.support.frames import frame
from stedi_assets_tests.support.lake import Lake

Version = tuple[int, str]  # rows and digest


@dataclass
class Reader:
    """Reads a table again and again, by a catalog of its own, until it is told to stop."""

    lake: Lake
    seen: list[Version] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Reader":
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _poll(self) -> None:
        catalog = open_catalog(self.lake.store)
        while not self._stop.is_set():
            try:
                rows = catalog.load_table("stedi.customer_trusted").scan().to_arrow().to_pylist()
            except Exception as error:
                self.failed.append(repr(error))
            else:
                self.seen.append(version_of(rows))


def version_of(rows: list[dict[str, Any]]) -> Version:
    ordered = sorted(tuple(sorted(row.items())) for row in rows)
    return len(rows), hashlib.sha256(repr(ordered).encode()).hexdigest()


def published_version(lake: Lake) -> Version:
    return version_of(lake.catalog.load_table("stedi.customer_trusted").scan().to_arrow().to_pylist())


def test_a_reader_sees_whole_versions_only(tables: Tables, lake: Lake) -> None:
    """Ten replacements, two of which end as after a failed audit: what was staged is deleted."""
    publish(tables, ANN)
    whole = [published_version(lake)]
    with Reader(lake) as reader:
        for number in range(10):
            rows = [{"email": f"n{n}@x.org"} for n in range(number + 2)]
            staged = tables.stage(frame(tables.spark, CUSTOMER_TRUSTED, *rows), CUSTOMER_TRUSTED)
            if number in (3, 7):
                tables.discard_unpublished()
            else:
                tables.publish(staged, "run")
                whole.append(published_version(lake))
    torn = [version for version in reader.seen if version not in whole]
    record("19: a reader during ten replacements", len(reader.seen), wrong=len(torn), unexplained=len(reader.failed))
    assert (torn, reader.failed) == ([], [])
    assert len(set(whole)) == 9
    assert len(set(reader.seen)) > 2, "the reader was there while versions came and went"


def test_of_two_writers_one_publishes_and_the_other_is_told(tables: Tables, lake: Lake) -> None:
    """Without the home's lock, as two machines on AWS: both stage on the same version, and publish at once."""
    publish(tables, ANN)
    for number in range(4):
        before = len(snapshot_ids(tables))
        at_once = threading.Barrier(2)
        writers = {
            f"{name}{number}@x.org": Tables(open_catalog(lake.store), tables.spark, lake.s3, retention_days=3)
            for name in ("one", "two")
        }
        staged = {
            email: writer.stage(frame(tables.spark, CUSTOMER_TRUSTED, {"email": email}), CUSTOMER_TRUSTED)
            for email, writer in writers.items()
        }

        def attempt(email: str) -> str:
            at_once.wait()  # noqa: B023 - called before the next round
            try:
                writers[email].publish(staged[email], "run")  # noqa: B023
            except PublicationRefusedError as error:
                return str(error)
            finally:
                writers[email].discard_unpublished()  # noqa: B023
            return ""

        with ThreadPoolExecutor(2) as pool:
            said = dict(zip(writers, pool.map(attempt, writers), strict=True))
        published = [email for email, refused in said.items() if not refused]
        wrong = people(tables) != published or len(snapshot_ids(tables)) != before + 1
        record("17: two writers at once", 1, wrong=wrong)
        assert people(tables) == published
        assert len(snapshot_ids(tables)) == before + 1
        assert [refused.endswith("run again") for refused in said.values() if refused] == [True]
