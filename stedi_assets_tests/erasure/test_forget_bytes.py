"""`stedi forget` to the last byte: who was erased is in no object, in no byte of the home, and does not come back.

Here: the real commands in a home of their own, with every place in which a person can lie. Not here: which rows an
erasure takes (`test_forget`), one table's history alone (`test_history_erasure`), the search itself (`test_traces`).
"""

import io
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.services import Endpoints, ensure_running, stop
from stedi_assets_tests.storage.test_services import catalog, s3
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.everybody import (
    ALSO,
    EVERYBODY,
    NAMED,
    READINGS,
    STAY,
    TOLD,
    Person,
    damaged_records,
    deliver,
)
from stedi_assets_tests.support.lake import TAKEN
from stedi_assets_tests.support.traces import Trace, in_folder, in_objects

BY_OTHER_MEANS = 3
# What was sent in uploads that nobody completed, and the place that each was meant for.
UPLOADS = {"unfinished.of.a.table": "data", "unfinished.of.a.step": "staging", "unfinished.of.a.delivery": "landing"}


@dataclass
class Proof:
    """What the commands left behind, step by step. Traces are by person: of buckets and of the home's folder."""

    home: Path
    folder: Path
    traces: dict[str, dict[Person, tuple[list[Trace], list[Trace]]]] = field(default_factory=dict)
    uploads: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    forgotten: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)

    def run(self, when: str) -> None:
        report = self.folder / "run.json"
        words = ("stedi", "run", "--landing", str(self.folder / "landing"), "--json", str(report))
        done = command(*words, home=self.home, STEDI_MAX_QUARANTINE_SHARE="0.9")
        assert done.returncode == 0, done.stderr + done.stdout
        self.reports[when] = json.loads(report.read_text())

    def forget(self, when: str, email: str, said: str = "") -> None:
        receipt = self.folder / f"{when}.json"
        done = command("stedi", "forget", email, "--json", str(receipt), home=self.home, text=said)
        assert done.returncode == 0, done.stderr + done.stdout
        self.forgotten[when] = done
        self.reports[when] = json.loads(receipt.read_text())

    def look(self, when: str, endpoints: Endpoints) -> None:
        """Searches everything for everybody at once, then keeps apart whose trace is whose."""
        needles = [*(needle for person in EVERYBODY for needle in person.needles), *UPLOADS]
        buckets = (endpoints.bucket, endpoints.table_bucket)
        objects = [trace for bucket in buckets for trace in in_objects(s3(endpoints), bucket, needles)]
        files = in_folder(self.home, needles)
        self.uploads[when] = {UPLOADS[text] for text in UPLOADS if needles.index(text) in found(files)}
        self.traces[when] = {person: (of(person, objects), of(person, files)) for person in EVERYBODY}

    def count(self, when: str) -> None:
        names = [contract.table for contract in CONTRACTS]
        sql = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in names)
        done = command("stedi", "query", sql, "--format", "json", home=self.home)
        self.rows[when] = {row["name"]: row["n"] for row in json.loads(done.stdout)}


def of(person: Person, traces: Sequence[Trace]) -> list[Trace]:
    """The traces of one person, each with the number of the person's own needle."""
    first = EVERYBODY.index(person) * len(person.needles)
    numbered = [(trace.place, trace.needle_index - first) for trace in traces]
    return [Trace(place, index) for place, index in numbered if 0 <= index < len(person.needles)]


def write_by_other_means(endpoints: Endpoints) -> None:
    """What runs do not write: pinned snapshots, bounds of addresses, and what writers that died left in the store."""
    table = catalog(endpoints).load_table("stedi.accelerometer_trusted")
    first = table.metadata.snapshots[0].snapshot_id
    with table.manage_snapshots() as references:
        references.create_branch(first, "kept")
        references.create_tag(first, "audited")
    with table.transaction() as transaction:
        transaction.remove_properties("write.metadata.metrics.column.user")
    for person in (NAMED, TOLD):
        table.append(pa.table({"user": [person.email] * BY_OTHER_MEANS, "timestamp": [TAKEN] * BY_OTHER_MEANS}))
    client, file = s3(endpoints), io.BytesIO()
    everything = [{"raw": text} for person in (NAMED, TOLD) for text in (*person.needles, damaged_records())]
    pq.write_table(pa.Table.from_pylist(everything), file)
    _, _, bucket, folder = table.location().split("/", 3)
    client.put_object(Bucket=bucket, Key=f"{folder}/data/orphan/part-0.parquet", Body=file.getvalue())
    client.put_object(Bucket=endpoints.bucket, Key="staging/dead/part-0.parquet", Body=file.getvalue())
    for begun, place in UPLOADS.items():
        upload = {"Bucket": bucket if place == "data" else endpoints.bucket}
        upload["Key"] = f"{folder}/data/part-1" if place == "data" else f"{place}/customer/part-1.json"
        upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
        client.upload_part(**upload, PartNumber=1, Body=begun.encode())


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """Two runs on changed deliveries, one erasure, the old files again, another erasure."""
    folder = tmp_path_factory.mktemp("forget")
    proof = Proof(folder / "home", folder)
    try:
        for until in (READINGS - 10, READINGS):
            deliver(folder / "landing", until)
            proof.run("first")
        endpoints = ensure_running(proof.home)
        write_by_other_means(endpoints)
        proof.look("before", endpoints)
        proof.forget("by argument", NAMED.email)
        proof.look("erased", endpoints)
        proof.count("erased")
        proof.run("again")
        proof.look("again", endpoints)
        proof.forget("by input", "-", f"\ufeff\r\n {TOLD.email.upper()}\r\n")
        proof.look("both erased", endpoints)
        yield proof
    finally:
        stop(proof.home)


def found(traces: Sequence[Trace], *words: str) -> set[int]:
    """The needles that were found in a place of which all the words are said."""
    return {trace.needle_index for trace in traces if all(word in trace.place for word in words)}


def landed(traces: Sequence[Trace]) -> dict[str, set[int]]:
    """The needles in landed objects, by how they were written."""
    return {
        "raw": found(traces, "/landing/", "(raw)"),
        "escaped": found(traces, "escaped.json", "(unescaped)") - found(traces, "escaped.json", "(raw)"),
        "gzip": found(traces, "/landing/", "gzip"),
    }


def kept(traces: Sequence[Trace]) -> dict[str, set[int]]:
    """The needles in the tables' data files, by column."""
    columns = ("email", "customername", "phone", "user", "serialnumber", "raw")
    return {name: found(traces, "s3://lake/", f"parquet at 0, column {name})") for name in columns}


EMAIL, NAME, PHONE, SERIAL = range(4)
LANDED = {"raw": {EMAIL, NAME, PHONE, SERIAL}, "escaped": {NAME}, "gzip": {EMAIL, SERIAL}}
KEPT = {
    "email": {EMAIL},
    "customername": {NAME},
    "phone": {PHONE},
    "user": {EMAIL},
    "serialnumber": {SERIAL},
    "raw": {EMAIL, NAME, PHONE, SERIAL},
}


@pytest.mark.parametrize("person", [NAMED, TOLD])
def test_before_the_erasure_everything_is_found_wherever_it_lies(proof: Proof, person: Person) -> None:
    """Else the tests below would pass for a search that sees nothing."""
    objects, files = proof.traces["before"][person]
    assert (landed(objects), kept(objects)) == (LANDED, KEPT)
    assert found(objects, "s3://lake/", "avro") == {EMAIL}, "bounds of addresses"
    for leftover in ("/data/orphan/part", "s3://stedi/staging/dead/part"):
        assert found(objects, leftover) == {EMAIL, NAME, PHONE, SERIAL}
    for kind in ("(raw)", "gzip", "parquet", "zstd"):
        assert found(files, ".dat ", kind) == {EMAIL, NAME, PHONE, SERIAL}
    assert found(files, "avro") >= {EMAIL}, "bounds of addresses, and deleted ones of whatever the engine wrote"


@pytest.mark.parametrize(("when", "person"), [("erased", NAMED), ("both erased", NAMED), ("both erased", TOLD)])
def test_after_the_erasure_nothing_is_found_anywhere(proof: Proof, when: str, person: Person) -> None:
    """In no object, and in no byte of the home: store, Dagster's databases and logs, the services' logs."""
    assert proof.traces[when][person] == ([], [])


@pytest.mark.parametrize("place", UPLOADS.values())
def test_what_uploads_left_that_nobody_completed_is_gone(proof: Proof, place: str) -> None:
    assert place in proof.uploads["before"]
    assert place not in proof.uploads["erased"]


@pytest.mark.parametrize("person", EVERYBODY)
def test_neither_the_receipt_nor_the_terminal_tells_of_anybody(proof: Proof, person: Person) -> None:
    for when, done in proof.forgotten.items():
        said = f"{done.stdout}{done.stderr}{json.dumps(proof.reports[when], ensure_ascii=False)}".lower()
        assert [index for index, needle in enumerate(person.needles) if needle.lower() in said] == []
        assert proof.reports[when]["customers"] == 1


@pytest.mark.parametrize(("when", "person"), [("erased", TOLD), ("both erased", STAY), ("both erased", ALSO)])
def test_everybody_else_is_still_found_where_they_belong(proof: Proof, when: str, person: Person) -> None:
    objects, _ = proof.traces[when][person]
    assert (landed(objects), kept(objects)) == (LANDED, KEPT)


def test_the_tables_still_have_the_rows_of_everybody_else(proof: Proof) -> None:
    others = len(EVERYBODY) - 1
    readings = others * READINGS
    assert proof.rows["erased"] == {
        "customer_landing": 2 * others + 2 * len(EVERYBODY) - 1,
        "accelerometer_landing": readings,
        "step_trainer_landing": readings,
        "landing_quarantine": 4 * others,
        "customer_trusted": others,
        "customers_curated": others,
        "accelerometer_trusted": readings + BY_OTHER_MEANS,
        "step_trainer_trusted": readings,
        "machine_learning_curated": others * readings,
    }


def test_the_pinned_snapshots_went_with_their_branch_and_tag(proof: Proof) -> None:
    receipts = [proof.reports[when]["tables"]["accelerometer_trusted"] for when in ("by argument", "by input")]
    assert [receipt["refs_removed"] for receipt in receipts] == [["audited", "kept"], []]
    assert len(receipts[0]["snapshots_removed"]) == 4


def test_the_old_files_do_not_bring_anybody_back(proof: Proof) -> None:
    """Though they are in the landing zone again, no object of any table says a word of the erased."""
    objects, _ = proof.traces["again"][NAMED]
    assert landed(objects) == LANDED
    assert [trace for trace in objects if not trace.place.startswith("s3://stedi/landing/")] == []
    landing = proof.reports["again"]["landing"]
    assert all(at["objects"] == at["rows"] + at["quarantined"] + at["erased"] for at in landing.values())
    erased = {source: at["erased"] for source, at in landing.items()}
    assert erased == {"customer": 4, "accelerometer": READINGS + 2, "step_trainer": READINGS + 1}
    rows = {name: proof.reports["again"]["tables"][name]["rows"] for name in proof.rows["erased"]}
    assert rows == {**proof.rows["erased"], "accelerometer_trusted": 3 * READINGS}
