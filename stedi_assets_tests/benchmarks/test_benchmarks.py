"""The benchmarks: everybody does the whole job on a small part of the data, whoever does another is refused, and what
is measured is accounted for. No time is judged here.
"""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from benchmarks.contender import TABLES, rows_of
from benchmarks.contenders import CONTENDERS, DUCKDB, EMBEDDED, FIVE_PROCESSES, ONE_PROCESS, POLARS
from benchmarks.data import Data, data_of
from benchmarks.page import page
from benchmarks.profiles import profiles, purposes
from benchmarks.reading import COUNTED, FETCHED, PARSED
from benchmarks.results import FOLDER, Delivered, Phase, Result, Results, Run, Trace, find
from benchmarks.targets import verdicts
from stedi_assets.transforms.increments import INCREMENTS
from stedi_assets_tests.support.commands import REPOSITORY, environment

pytestmark = pytest.mark.slow  # it measures the product, and tests nothing of it
SMALL = 0.01


def bench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, with everything that it writes in that folder."""
    places = ["--results", str(folder / "results"), "--out", str(folder / "out"), "--work", str(folder / "work")]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", "--scale", str(SMALL), "--repeat", "1", *places, *words],
        cwd=REPOSITORY,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run with everybody who is quick to start."""
    folder = tmp_path_factory.mktemp("benchmarks")
    ended = bench(folder, "--only", f"{EMBEDDED},{DUCKDB}", "--only", POLARS)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return data_of(SMALL, tmp_path_factory.mktemp("data"))


def expected_rows(data: Data) -> dict[str, int]:
    """What the eight tables hold, by SQL of its own over the same JSON."""
    connection = duckdb.connect()
    for source in data.objects:
        connection.execute(f"CREATE VIEW {source} AS FROM read_json('{data.folder}/{source}/*.json')")
    agreed = "(SELECT * FROM customer WHERE shareWithResearchAsOfDate IS NOT NULL)"
    counts = {
        "customer_landing": "customer",
        "accelerometer_landing": "accelerometer",
        "step_trainer_landing": "step_trainer",
        "customer_trusted": agreed,
        "accelerometer_trusted": f"accelerometer JOIN {agreed} ON user = email",
        "customers_curated": agreed,
        "step_trainer_trusted": f"step_trainer JOIN {agreed} USING (serialNumber)",
        "machine_learning_curated": f"step_trainer s JOIN {agreed} c USING (serialNumber), "
        f"accelerometer a JOIN {agreed} d ON a.user = d.email WHERE a.timestamp = s.sensorReadingTime",
    }
    return {name: connection.sql(f"SELECT count(*) FROM {of}").fetchall()[0][0] for name, of in counts.items()}


def test_everybody_has_the_rows_that_the_json_has(measured: Path, small: Data) -> None:
    results = Results(measured / "results").all()
    assert {result.contender for result in results} == {EMBEDDED, DUCKDB, POLARS}
    wanted = expected_rows(small)
    assert set(wanted) == set(TABLES)
    assert all(wanted.values()), "an empty table would say nothing"
    for result in results:
        assert dict(result.rows) == wanted, result.contender


def test_the_product_is_looked_into(measured: Path) -> None:
    own = find(Results(measured / "results").all(), EMBEDDED, SMALL)
    assert own is not None
    assert own.trace is not None
    assert all(own.trace.requests.values()), own.trace.requests
    assert own.trace.catalog_requests
    assert own.trace.put_bytes == own.written_bytes
    assert {(phase.phase, phase.table) for phase in own.trace.phases} >= {
        (phase, table) for phase in ("write", "audit", "publish") for table in TABLES
    }
    assert {"landing", "machine_learning_curated"} <= own.steps.keys()
    assert own.trace.reading.keys() == {FETCHED, COUNTED, PARSED}
    assert all(seconds >= 0 for seconds in purposes(own.trace).values())


def test_a_delivery_is_looked_into(measured: Path) -> None:
    own = find(Results(measured / "results").all(), EMBEDDED, SMALL)
    assert own is not None
    assert own.delivered is not None
    assert own.delivered.steps.keys() == own.steps.keys()
    assert {phase.table for phase in own.delivered.trace.phases if phase.phase == "changes"} == set(INCREMENTS)


def test_every_second_of_the_cpu_is_for_something() -> None:
    phases = [Phase("write", "customer_landing", 9, 5.0), Phase("write", "customer_trusted", 9, 2.0)]
    phases += [Phase("audit", "customer_trusted", 9, 1.0), Phase("consent", "customer_trusted", 9, 0.5)]
    trace = Trace({}, 0, 0, phases, {FETCHED: 0.5, COUNTED: 1.0, PARSED: 2.0}, cpu=10.0, served=3.0)
    took = purposes(trace)
    assert list(took.values()) == [3.0, 0.5, 1.0, 2.0, 1.5, 2.0, 1.5, 0, 1.5]
    assert sum(took.values()) == 13.0
    run = Run(wall=9.0, inside=6.0, cpu=12.0, peak_bytes=1, others=0.0)
    machine = {"cores": "2", "processor": "x"}
    own, *others = (
        Result(name, 200, 10**9, "2026-11-28", machine, {}, [run], None) for name in (EMBEDDED, ONE_PROCESS, DUCKDB)
    )
    text = profiles([replace(own, trace=trace, steps={"landing": 5.0}), *others])
    assert "alone keep 2 cores at work for 4.0 s, everything but the audits for 5.8 s; a third of PySpark's" in text
    assert "PySpark's time is 3.0 s (all of its CPU: 12.0 s), three times DuckDB's are 18.0 s" in text


def test_the_page_shows_everybody_and_no_path(measured: Path) -> None:
    text = (measured / "out" / "benchmarks.md").read_text()
    titles = [one.title for one in CONTENDERS if one.name in (EMBEDDED, DUCKDB, POLARS)]
    assert all(f"| {title} |" in text for title in titles)
    for part in ("## A delivery of one per cent", "| parsing it |", "| consent |", "| changes |"):
        assert part in text
    for path in (REPOSITORY, Path.home(), measured, Path(sys.executable).parent):
        assert str(path) not in text
    assert (measured / "out" / "benchmarks.png").read_bytes().startswith(b"\x89PNG")


def test_the_work_folder_is_left_empty(measured: Path) -> None:
    assert list((measured / "work").iterdir()) == []


def test_whoever_has_other_rows_is_refused_and_not_kept(measured: Path, tmp_path: Path) -> None:
    kept = Results(tmp_path / "results")
    own = find(Results(measured / "results").all(), EMBEDDED, SMALL)
    assert own is not None
    kept.keep(replace(own, rows={**own.rows, "customer_trusted": own.rows["customer_trusted"] + 1}))
    ended = bench(tmp_path, "--only", DUCKDB)
    assert ended.returncode == 1
    assert "duckdb has other rows than stedi" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not kept.has(DUCKDB, SMALL)


def test_resume_measures_only_what_is_missing(measured: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (measured / "results").iterdir()}
    ended = bench(measured, "--only", f"{DUCKDB},{POLARS}", "--resume")
    assert ended.returncode == 0, ended.stderr
    assert {file: file.stat().st_mtime_ns for file in (measured / "results").iterdir()} == before


def test_unknown_names_and_scales_are_wrong_usage(tmp_path: Path) -> None:
    ended = bench(tmp_path, "--only", "pandas")
    assert (ended.returncode, "pandas is none of" in ended.stderr) == (2, True), ended.stderr
    ended = bench(tmp_path, "--only", DUCKDB, "--scale", "1.5")
    assert (ended.returncode, "found 1.5" in ended.stderr) == (2, True), ended.stderr


def test_a_result_of_another_form_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "stedi-1.json").write_text('{"trace": null, "runs": [], "delivered": {"wall": 1}}')
    ended = bench(tmp_path, "--only", DUCKDB)
    assert (ended.returncode, "stedi-1.json is no result" in ended.stderr) == (1, True), ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "work").exists()


def test_the_pyspark_script_has_the_rows_that_the_json_has(small: Data, tmp_path: Path, java: Path) -> None:
    script = next(one for one in CONTENDERS if one.name == ONE_PROCESS)
    done = script.measure(small, tmp_path, 1)
    assert dict(done.rows) == expected_rows(small)
    assert rows_of(tmp_path / "out") == dict(done.rows)


def test_targets_are_judged_by_ratios() -> None:
    def result(name: str, scale: float, wall: float, inside: float) -> Result:
        run = Run(wall=wall, inside=inside, cpu=wall, peak_bytes=2_900_000_000, others=0.0)
        return Result(name, scale, int(scale * 1e7), "2026-11-28", {"cores": "2", "processor": "x"}, {}, [run], None)

    delivered = Delivered(Run(32.0, 28.0, 30.0, 10**9, 0.0), {}, Trace({}, 0, 0))
    results = [
        result(EMBEDDED, 1, 8.0, 4.9),
        result(ONE_PROCESS, 1, 16.1, 12.0),
        result(FIVE_PROCESSES, 1, 55.0, 40.0),
        result(EMBEDDED, 10, 12.0, 8.0),
        result(EMBEDDED, 50, 30.0, 25.0),
        result(DUCKDB, 50, 9.0, 8.0),
        replace(result(EMBEDDED, 200, 300.0, 290.0), delivered=delivered),
    ]
    found = [(verdict.met, verdict.found) for verdict in verdicts(results)]
    assert found == [
        (True, "2.01 times"),
        (False, "6.88 times"),
        (True, "4.9 s"),
        (None, "not measured"),
        (None, "not measured"),
        (False, "3.12 times"),
        (None, "not measured"),
        (False, "1.25 times"),
        (True, "2.90 GB"),
        (True, "0.10 of it"),
    ]
    assert "| 200 | 290.0 | 28.0 | 0.10 | 4.0 | 30.0 | 1,000 | 0% |" in page(results)
    assert "**missed**" in page(results)
    loaded = [replace(one, runs=[replace(one.runs[0], others=0.5)]) for one in results]
    judged = [verdict.met for verdict in verdicts(loaded)]
    assert judged == [None] * 8 + [True, None], "only memory is what it is on a machine that is not idle"
    assert "not judged: the machine was not idle" in page(loaded)


def test_the_results_that_the_page_is_made_of_can_be_read() -> None:
    results = Results(FOLDER).all()
    assert {result.contender for result in results} == {one.name for one in CONTENDERS}
    assert page(results) == (REPOSITORY / "docs" / "benchmarks.md").read_text()


def test_the_median_run_is_the_one_that_is_told() -> None:
    runs = [Run(wall, wall, wall, 1, 0.0) for wall in (3.0, 1.0, 2.0)]
    result = Result(EMBEDDED, 1, 1, "2026-11-28", {}, {}, runs, None)
    assert result.median.wall == 2.0


def test_results_are_read_as_they_were_kept(measured: Path, tmp_path: Path) -> None:
    before = Results(measured / "results").all()
    copies = Results(tmp_path)
    for result in before:
        copies.keep(result)
    assert copies.all() == before
    assert [one.contender for one in before if one.delivered is not None] == [EMBEDDED]
    assert len(json.loads((tmp_path / f"{EMBEDDED}-{SMALL:g}.json").read_text())["runs"]) == 1
