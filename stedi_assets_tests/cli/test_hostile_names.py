"""Objects whose names attack what reads them: they land, word for word, and harm nothing wherever they are read.

On the real store, through the real graph; each test but the last looks at the same run. Words in tables, options and
files on this machine: `test_hostile_words`.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from dagster import DagsterInstance, ExecuteInProcessResult, build_sensor_context

from stedi_assets.building.ingestion import published_manifests
from stedi_assets.building.standing import standing
from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING, LANDING_QUARANTINE
from stedi_assets.sensors.arrivals import Sight, look
from stedi_assets.settings import Settings
from stedi_assets_tests.support.commands import command
from stedi_assets_tests.support.hostile import LIVE, OBJECTS, with_control
from stedi_assets_tests.support.lake import MOTIONS, STEPS, Lake, customer, failure, lines, unchanged


def text_of(number: int) -> str:
    """One customer that fits, and one record that does not."""
    return lines([customer(f"p{number}@x.org", f"s{number}"), {"email": f"p{number}@x.org"}])


def seen(lake: Lake) -> list[str]:
    """Everything that Dagster keeps of every run: logs, metadata, checks, errors."""
    return [str(entry) for run in lake.instance.get_runs() for entry in lake.instance.all_logs(run.run_id)]


@pytest.fixture(scope="module")
def lakes(spark: Any) -> Iterator[tuple[Lake, ExecuteInProcessResult]]:
    """A lakehouse built from a zone of such names, with quarantine allowed."""
    lake = Lake()
    lake.drop_tables()
    for number, name in enumerate(OBJECTS):
        lake.put(f"customer/{name}", text_of(number))
    lake.put("accelerometer/a.json", lines(MOTIONS))
    lake.put("step_trainer/s.json", lines(STEPS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
        result = lake.run()
        assert result.success, failure(result)
        yield lake, result
    lake.drop_tables()


@pytest.fixture
def lake(lakes: tuple[Lake, ExecuteInProcessResult]) -> Lake:
    return lakes[0]


def in_the_zone(lake: Lake) -> list[str]:
    """The names as they are keys."""
    return sorted(f"{lake.zone.prefix}customer/{name}" for name in OBJECTS)


def test_each_lands_and_is_quarantined_under_its_own_name(lake: Lake) -> None:
    assert sorted(lake.rows(CUSTOMER_LANDING, "source_object")) == in_the_zone(lake)
    found = lake.rows(LANDING_QUARANTINE, "source_object", "reason")
    assert found == [(key, "missing") for key in sorted(in_the_zone(lake), key=lambda key: str((key, "missing")))]


def test_the_manifest_has_each_and_a_second_run_reads_none_again(lake: Lake) -> None:
    landed = published_manifests(standing(lake.catalog).summaries, lake.s3, lake.store)
    assert sorted(landed.manifests["customer"].entries) == in_the_zone(lake)
    assert unchanged(lake.run()) == {contract.table for contract in CONTRACTS}


def test_nothing_that_dagster_keeps_has_a_name(lake: Lake) -> None:
    kept = seen(lake)
    assert len(kept) > 100
    names = [json.dumps(name)[1:-1] for name in OBJECTS]
    assert [word for word in (*LIVE, *OBJECTS, *names) if any(word in text for text in kept)] == []


def test_the_sensor_sees_each_and_tells_none(lake: Lake) -> None:
    sight = Sight(Settings.load(), lake.store, lake.s3, lake.catalog, lake.zone)
    with build_sensor_context(instance=DagsterInstance.ephemeral()) as context:
        result = look(context, sight)
    assert result.skip_reason is not None
    assert result.skip_reason.skip_message == f"nothing new in {len(OBJECTS) + 2} objects"
    told = f"{result.cursor} {result.asset_events}"
    assert [word for word in (*LIVE, *OBJECTS) if word in told] == []


@pytest.mark.parametrize("words", [("tables",), ("history", "customer_landing"), ("doctor",)])
def test_commands_tell_no_name(lake: Lake, home: Path, words: tuple[str, ...]) -> None:
    finished = command("stedi", *words, home=home)
    told = finished.stdout + finished.stderr
    assert "Traceback" not in told
    assert finished.stdout
    assert [word for word in (*LIVE, *OBJECTS) if word in told] == []
    assert with_control(told) == []


def test_the_page_of_the_report_has_no_name(lake: Lake, home: Path, tmp_path: Path) -> None:
    finished = command("stedi", "report", "--out", str(tmp_path / "r.html"), home=home)
    assert finished.returncode == 0, finished.stderr
    page = (tmp_path / "r.html").read_text()
    assert "customer_landing" in page
    assert [word for word in (*LIVE, *OBJECTS) if word in page] == []


def test_a_query_shows_each_in_one_line_and_gives_programs_each_as_it_is(lake: Lake, home: Path) -> None:
    def asked(style: str) -> str:
        sql = "SELECT source_object, raw FROM landing_quarantine ORDER BY 1"
        finished = command("stedi", "query", sql, "--format", style, home=home)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    shown = asked("table")
    assert with_control(shown) == []
    assert len(shown.splitlines()) == len(OBJECTS) + 2
    assert "\\x1b[2J" in shown
    assert sorted(row["source_object"] for row in json.loads(asked("json"))) == in_the_zone(lake)
    # A program reads CSV as it is: a carriage return in a field has to come back, too.
    finished = io.StringIO(asked("csv"), newline="")
    assert len(list(csv.reader(finished))) == len(OBJECTS) + 1


def test_a_name_that_leaves_the_zone_is_refused_by_the_store(lake: Lake) -> None:
    before = lake.keys(lake.zone.bucket, "")
    for name in ("../../manifests/x.json", "customer/../../x.json", "./x.json"):
        with pytest.raises(ClientError):
            lake.put(name, "{}")
    assert lake.keys(lake.zone.bucket, "") == before


def test_who_is_erased_is_taken_out_of_each(lake: Lake) -> None:
    """The last to see them all: it changes the zone."""
    for number in (0, 4, 6, 7):
        result = lake.forget(lake.request(f"p{number}@x.org"), rewrite_landing=True)
        assert result.success, failure(result)
        key = f"{lake.zone.prefix}customer/{OBJECTS[number]}"
        assert b"@x.org" not in lake.s3.get_object(Bucket=lake.zone.bucket, Key=key)["Body"].read()
    gone = {f"{lake.zone.prefix}customer/{OBJECTS[number]}" for number in (0, 4, 6, 7)}
    assert set(lake.rows(CUSTOMER_LANDING, "source_object")) == {*in_the_zone(lake)} - gone
    assert [word for word in LIVE if any(word in text for text in seen(lake))] == []
