"""Scale on paper: the formula is what is counted, layouts are judged by what lies in the files, and each number of a
day follows from a measured one by the arithmetic that the page tells.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import assumptions as assumed
from benchmarks import layouts, strangers
from benchmarks.contenders import EMBEDDED
from benchmarks.data import data_of
from benchmarks.day import Costs, Line, day
from benchmarks.results import Result, Results, Run, Trace
from benchmarks.traced import CHEAP, DEAR
from stedi_assets_tests.support.commands import REPOSITORY, environment

pytestmark = pytest.mark.slow  # it measures the product, and tests nothing of it


def result(scale: float, cpu: float, writes: int, reads: int, written: int) -> Result:
    run = Run(wall=cpu / 2, inside=cpu / 3, cpu=cpu, peak_bytes=1_000_000_000, others=0.0)
    trace = Trace({DEAR: writes, CHEAP: reads}, 100, written)
    size = int(scale * 11_000_000)
    return Result(EMBEDDED, scale, size, "2026-11-28", {"cores": "2"}, {}, [run], written, trace)


RESULTS = [result(1, 20.0, 200, 1_300, 3_000_000), result(10, 38.0, 299, 2_290, 30_000_000)]


def test_strangers_are_as_many_as_the_formula_has() -> None:
    for pairs in strangers.measured():
        assert pairs.own == pairs.by_customer == pairs.customers * strangers.STEPS * strangers.MOTIONS
        if pairs.customers >= 10_000:  # with fewer, chance has a say
            assert pairs.strangers == pytest.approx(pairs.expected, rel=0.02)


def test_ten_times_the_customers_are_a_hundred_times_the_strangers() -> None:
    assert strangers.strangers(1e7, 86_400) == pytest.approx(100 * strangers.strangers(1e6, 86_400))
    assert strangers.strangers(1e6, 86_400) == pytest.approx((1e6 * 30) ** 2 * 3 / 86_400_000)


def test_a_line_goes_through_both_points() -> None:
    line = Line.through(RESULTS, lambda one: one.median.cpu)
    assert line.at(0.011) == pytest.approx(20)
    assert line.at(0.11) == pytest.approx(38)
    assert line.per_gb == pytest.approx(18 / 0.099)


def test_a_day_follows_from_what_was_measured() -> None:
    costs = Costs.of("ours", RESULTS)
    found = day(1e6, costs)
    gb = 1e6 * 11_000_000 / 956 / 1e9
    cpu = 18 + gb * 18 / 0.099
    assert found.gb == pytest.approx(gb)
    assert found.cpu_hours == pytest.approx(cpu / 3600)
    assert found.cores == pytest.approx(cpu / 3600 / assumed.HOURS.value / assumed.BUSY.value)
    assert found.usd_computing == pytest.approx(found.cores / 4 * 0.44)
    assert found.writes == pytest.approx(189 + gb * 1_000)
    assert found.usd_requests == pytest.approx((189 + gb * 1e3) * 5e-6 + (1_190 + gb * 1e4) * 4e-7)
    assert found.usd_stored_a_month == pytest.approx((gb + gb * 27 / 99) * 0.023)
    assert found.own_pairs == pytest.approx(1e6 * 40_981 / 956)


def test_layouts_are_judged_by_what_a_reader_must_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "ROWS_OF_GROUP", 2_048)
    data = data_of(1, tmp_path)
    found = {one.name: one for one in layouts.measured(data.folder / "accelerometer", tmp_path / "laid")}
    by_time, by_user = found["sorted by timestamp"], found["sorted by user, timestamp"]
    assert by_user.customer < 0.1 < by_user.window
    assert by_time.customer == 1 > by_time.window
    assert found["as it arrived"].customer > by_user.customer
    bucketed = found["by 16 buckets of user; in it by user, timestamp"]
    assert bucketed.files == 16
    assert bucketed.customer < 0.1


def scale(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    places = ["--results", str(folder / "results"), "--out", str(folder / "out"), "--work", str(folder / "work")]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *places, "--layout-scale", "1", *words],
        cwd=REPOSITORY,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_the_page_is_made_of_the_results(tmp_path: Path) -> None:
    for one in RESULTS:
        Results(tmp_path / "results").keep(one)
    ended = scale(tmp_path)
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "out" / "scale.md").read_text()
    assert "| CPU seconds | 1 and 10 | 18.0 | 181.8 |" in page
    assert "| JSON, GB | customers x sessions x bytes | 12 | 115 | 1,151 |" in page
    assert "**Those are the embedded engine's costs:**" in page
    assert "{{" not in page
    assert str(REPOSITORY) not in page
    assert str(tmp_path) not in page


def test_without_two_scales_it_says_what_is_missing(tmp_path: Path) -> None:
    Results(tmp_path / "results").keep(RESULTS[0])
    ended = scale(tmp_path)
    assert ended.returncode == 1
    assert "run `make bench` first" in ended.stderr
    assert "Traceback" not in ended.stderr
