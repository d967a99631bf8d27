"""A home that has been used is never taken for a new one, and its demo set never meets real data.

By the real commands in one home with a small demo set, and by the job on the session's tables.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster._core.errors import DagsterResourceFunctionError

from stedi_assets.cli.deliver import deliver_files
from stedi_assets.contracts import CONTRACTS
from stedi_assets.definitions import build_definitions
from stedi_assets.doctor import examine
from stedi_assets.insight.facts import collect
from stedi_assets.insight.markdown import dashboard
from stedi_assets.jobs import stedi_lakehouse
from stedi_assets.lakehouse import lakehouse as lakehouse_module
from stedi_assets.lakehouse import metadata_io
from stedi_assets.lakehouse.catalog import find_table, open_catalog
from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.inventory import FILE, Inventory, read_inventory, record_inventory
from stedi_assets.lakehouse.lakehouse import own_zone
from stedi_assets.lakehouse.publication import DEMO, DEMO_DATA
from stedi_assets.lakehouse.services import stop
from stedi_assets.landing.zone import Zone
from stedi_assets.settings import Settings
from stedi_assets_tests.faults.said import Given, environment
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, Lake, bring, failure, lines, write_landing

REAL = '{"email": "real@x.org", "serialNumber": "s9", "lastUpdateDate": 1600000000000}'
# Every command that writes, and one that reads.
WRITING = [
    ("run", "--quiet"),
    ("run", "--demo"),
    ("upkeep",),
    ("forget", "ann@x.org"),
    ("forget", "--withdrawn"),
    ("rollback", "customer_trusted"),
]
Say = Callable[..., str]
pytestmark = pytest.mark.usefixtures("other_homes")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo set."""
    return write_landing(tmp_path_factory.mktemp("demo"), lines(CUSTOMERS), lines(MOTIONS), lines(STEPS))


@pytest.fixture(scope="module")
def used(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home after its first run, which brought the demo set."""
    home = tmp_path_factory.mktemp("used") / "home"
    first = command("stedi", "run", "--quiet", "--expect", "none", home=home, STEDI_DATA=str(demo))
    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    yield home
    stop(home)


@pytest.fixture
def say(request: pytest.FixtureRequest, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """The last line of a command in a home, given in this process."""

    def said(home: Path, *words: str, status: int = 2) -> str:
        given = Given(request, home, tmp_path, monkeypatch)
        return given.told(*words, status=status, STEDI_HOME=str(home), STEDI_DATA=str(demo)).splitlines()[-1]

    return said


def zone_of(home: Path) -> Zone:
    store = connect(Settings(home=home))
    return own_zone(store, store_client(store.s3_url))


def published(home: Path) -> dict[str, Any]:
    """Current snapshots by table."""
    catalog = open_catalog(connect(Settings(home=home)))
    tables = {contract.table: find_table(catalog, contract) for contract in CONTRACTS}
    return {name: table.current_snapshot() if table else None for name, table in tables.items()}


def ids(home: Path) -> dict[str, int | None]:
    return {name: snapshot and snapshot.snapshot_id for name, snapshot in published(home).items()}


def examined(home: Path, demo: Path) -> dict[str, tuple[str, str]]:
    """What the doctor finds: state and words by subject."""
    with environment({"STEDI_HOME": str(home), "STEDI_DATA": str(demo)}):
        return {finding.what: (finding.state, f"{finding.found}; {finding.remedy}") for finding in examine()}


def test_demo_data_is_called_so(used: Path, demo: Path, say: Say, tmp_path: Path) -> None:
    with environment({}):
        assert read_inventory(used) == Inventory(tables=9, objects=3)
        assert all(DEMO in snapshot.summary.additional_properties for snapshot in published(used).values())
        facts = collect(open_catalog(connect(Settings(home=used))), 0)
    assert DEMO_DATA in dashboard(facts.tables, facts.funnel, facts.quarantine)
    assert say(used, "tables", status=0) == DEMO_DATA
    say(used, "report", "--out", str(tmp_path / "r.html"), status=0)
    assert DEMO_DATA in (tmp_path / "r.html").read_text()
    found = examined(used, demo)
    assert "the demo set" in found["landing zone"][1]
    assert found["objects"] == ("ok", "one of each source and table: 12 of 12 could be read; ")
    assert {state for state, _ in found.values()} == {"ok"}


def test_the_doctor_finds_what_cannot_be_read(used: Path, demo: Path) -> None:
    with environment({}):
        s3 = zone_of(used).s3
        table = find_table(open_catalog(connect(Settings(home=used))), CONTRACTS[0])
        assert table is not None
        current = table.current_snapshot()
        assert current is not None
        (data_file,) = [task.file.file_path for task in table.scan().plan_files()]
        for uri in (data_file, current.manifest_list):
            place = dict(zip(("Bucket", "Key"), uri.removeprefix("s3://").split("/", 1), strict=True))
            content = s3.get_object(**place)["Body"].read()
            s3.put_object(**place, Body=content[: len(content) // 2])
            metadata_io._kept.clear()  # another process has none
            damaged = examined(used, demo)
            s3.put_object(**place, Body=content)
            state, said = damaged[f"table {CONTRACTS[0].table}"]
            assert (state, said.rpartition("; ")[2]) == ("wrong", "build the tables again: stedi run --full")
            assert damaged["objects"][1].startswith("one of each source and table: 11 of 12")


def test_a_store_that_lost_its_index_is_not_taken_for_an_empty_one(
    used: Path, demo: Path, say: Say, tmp_path: Path
) -> None:
    lost = tmp_path / "lost"
    stop(used)
    shutil.copytree(used, lost, ignore=shutil.ignore_patterns("*.sock"))
    volume = lost / "store" / "stedi_1.dat"
    volume.write_bytes(volume.read_bytes()[:8])
    try:
        with environment({}):
            connect(Settings(home=lost))
        state, said = examined(lost, demo)["source customer"]
        assert (state, "customer/mirror/customer.json cannot be read" in said) == ("wrong", True)
        stop(lost)
        for index in lost.glob("store/filer*"):
            shutil.rmtree(index) if index.is_dir() else index.unlink()
        assert examined(lost, demo)["store's index"][0] == "wrong", "also before anything is started"
        volumes = {path.name: path.read_bytes() for path in lost.glob("store/lake_*.dat")}
        (tmp_path / "c.json").write_text(REAL)
        for words in [*WRITING, ("deliver", "customer", str(tmp_path / "c.json")), ("tables",)]:
            said = say(lost, *words)
            assert said.startswith("the store of this home has lost its index: 9 tables are expected"), words
            assert "restore a backup" in said
        with environment({"STEDI_HOME": str(lost)}):
            job = build_definitions().resolve_job_def(stedi_lakehouse.name)
            with pytest.raises(DagsterResourceFunctionError) as raised:
                job.execute_in_process()
            assert "has lost its index" in str(raised.value.__cause__)
        assert examined(lost, demo)["store's index"][0] == "wrong"
        assert {path.name: path.read_bytes() for path in lost.glob("store/lake_*.dat")} == volumes
        assert read_inventory(lost) == Inventory(9, 3)
    finally:
        stop(lost)


def test_real_data_does_not_come_beside_the_demo_set(used: Path, demo: Path, say: Say, tmp_path: Path) -> None:
    real = write_landing(tmp_path / "real", REAL, lines(MOTIONS[:1]), lines(STEPS[:1]))
    with environment({}):
        zone, before = zone_of(used), ids(used)
        objects = zone.objects()
        # As a home of an older version: without the marks.
        (used / FILE).unlink()
        zone.s3.delete_object(Bucket=zone.bucket, Key=zone._demo_mark)
    for words in (
        ("deliver", "customer", str(real / "customer")),
        ("run", "--landing", str(real)),
        ("run", "--landing", f"s3://{zone.bucket}/elsewhere"),
    ):
        said = say(used, *words)
        assert "holds the demo set, and made-up records must not be published with real ones" in said
        assert "--replace-demo" in said
    with environment({}):
        assert (zone.objects(), zone.holds_demo, ids(used)) == (objects, True, before)
        zone.s3.put_object(Bucket=zone.bucket, Key=f"{zone.prefix}customer/a.json", Body=REAL.encode())
        assert "holds the demo set and 1 other objects" in say(used, "run")
        assert "has no objects for accelerometer, step_trainer except" in say(used, "run", "--replace-demo")
        assert "1 objects that are not of the demo set" in say(used, "run", "--demo")
        assert (len(zone.objects()), ids(used)) == (4, before)
        for source in ("accelerometer", "step_trainer"):
            zone.s3.put_object(
                Bucket=zone.bucket,
                Key=f"{zone.prefix}{source}/a.json",
                Body=(real / source / f"{source}.json").read_bytes(),
            )
    replaced = command("stedi", "run", "--replace-demo", home=used, STEDI_DATA=str(demo))
    assert replaced.returncode == 0, replaced.stdout + replaced.stderr
    assert "the demo set was removed from s3://stedi/landing: 3 objects" in replaced.stderr
    assert "Demo data" not in say(used, "tables", status=0)
    with environment({}):
        assert not any(DEMO in snapshot.summary.additional_properties for snapshot in published(used).values())
        assert [landed.key for landed in zone.objects()] == [
            f"landing/{source}/a.json" for source in ("customer", "accelerometer", "step_trainer")
        ]


def test_an_emptied_zone_is_not_filled_but_on_demand(used: Path, demo: Path, say: Say, tmp_path: Path) -> None:
    """After the test before: the home holds real data."""
    with environment({}):
        zone, before = zone_of(used), ids(used)
        for landed in zone.objects():
            zone.s3.delete_object(Bucket=landed.bucket, Key=landed.key)
        for words in (("run",), ("run", "--quiet")):
            assert "is empty, and this home is not new (9 tables and 3 objects after its last run)" in say(used, *words)
        (used / FILE).unlink()
        assert "is empty, and this home is not new (9 tables)" in say(used, "run"), "as of an older version"
        assert (zone.objects(), ids(used)) == ([], before)
    again = command("stedi", "run", "--demo", "--quiet", "--expect", "none", home=used, STEDI_DATA=str(demo))
    assert (again.returncode, again.stdout) == (0, ""), again.stderr
    assert say(used, "tables", status=0) == DEMO_DATA
    (tmp_path / "c.json").write_text(REAL)
    say(used, "deliver", "customer", str(tmp_path / "c.json"), "--replace-demo", status=0)
    with environment({}):
        assert ([landed.key.split("/")[2] for landed in zone.objects()], zone.holds_demo) == (["delivery"], False)
    assert say(used, "tables", status=0) == DEMO_DATA, "until the next run"


def test_a_home_that_only_got_a_delivery_is_no_new_one(
    own_home: Path, demo: Path, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.json").write_text(REAL)
    with environment({"STEDI_HOME": str(own_home), "STEDI_DATA": str(demo)}):
        deliver_files("customer", [tmp_path / "c.json"], "")
        assert read_inventory(own_home) == Inventory(tables=0, objects=1)
        assert "has no .json or .json.gz objects for accelerometer, step_trainer" in say(own_home, "run")
        zone = zone_of(own_home)
        for landed in zone.objects():
            zone.s3.delete_object(Bucket=landed.bucket, Key=landed.key)
        assert "is empty, and this home is not new (0 tables and 1 objects" in say(own_home, "run")
        deliver_files("customer", [tmp_path / "c.json"], "")
        assert len(zone.objects()) == 1


@pytest.fixture
def own_landing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The lake, whose zone is the home's own."""
    monkeypatch.setattr(lakehouse_module, "LANDING_FOLDER", lake.zone.prefix.rstrip("/"))
    return lake


def test_the_job_goes_by_the_same_rules(
    own_landing: Lake, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = own_landing
    monkeypatch.setenv("STEDI_DATA", str(demo))
    assert lake.run(own=True).success
    assert (lake.zone.is_copy_of(demo), lake.zone.holds_demo) == (True, True)
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    lake.put("customer/delivery/1/c.json", REAL)
    assert "holds the demo set and 1 other objects" in failure(lake.run(own=True))
    for key in lake.keys(lake.zone.bucket, lake.zone.prefix):
        lake.s3.delete_object(Bucket=lake.zone.bucket, Key=key)
    assert "is empty, and this home is not new (9 tables and 4 objects" in failure(lake.run(own=True))
    assert {contract.table: lake.snapshot(contract) for contract in CONTRACTS} == before
    bring(lake, tmp_path / "real", CUSTOMERS[:2], MOTIONS[:3], STEPS[:3])
    assert lake.run(own=True, select=[contract for contract in CONTRACTS if contract.zone == "landing"]).success
    assert collect(lake.catalog, 0).is_demo, "what was computed from it is still published"
    assert lake.run(own=True).success
    assert not collect(lake.catalog, 0).is_demo


def test_a_record_is_replaced_by_less_only_where_that_is_no_loss(tmp_path: Path) -> None:
    def recorded(tables: int, objects: int) -> Inventory | None:
        record_inventory(tmp_path, tables, objects)
        return read_inventory(tmp_path)

    assert recorded(0, 0) is None
    assert recorded(0, 2) == Inventory(0, 2)
    assert recorded(9, 5) == Inventory(9, 5)
    assert recorded(8, 0) == Inventory(8, 5)
    assert recorded(3, 7) == Inventory(8, 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE]
    (tmp_path / FILE).write_text(json.dumps([1]))
    assert read_inventory(tmp_path) == Inventory(1, 0), "damaged is no reason to take the home for a new one"
