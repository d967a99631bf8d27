"""The command `stedi` as a user meets it: what it prints, its reports, its exit statuses."""

import csv
import io
import json
import os
import signal
import tarfile
from pathlib import Path

import pytest

from stedi_assets.contracts import CONTRACTS, SOURCES
from stedi_assets.expectations import REFERENCE
from stedi_assets.lakehouse.services import find
from stedi_assets_tests.support.commands import REFERENCE_SET, command, on_a_terminal
from stedi_assets_tests.support.lake import customer, lines, motion, step, write_landing
from stedi_assets_tests.support.published_home import PublishedHome


def test_a_run_publishes_the_reference_counts(published_home: PublishedHome) -> None:
    report = published_home.report
    assert report["success"] is True
    assert report["engine"] == "embedded"
    assert (report["consent"], report["serials"]) == ("published", "published")
    assert report["seconds"] > 0
    assert {name: table["rows"] for name, table in report["tables"].items()} == REFERENCE
    assert {name: table["expected"] for name, table in report["tables"].items()} == REFERENCE
    assert all(table["published"] and table["snapshot_id"] > 0 for table in report["tables"].values())


def test_a_report_accounts_for_what_landed(published_home: PublishedHome) -> None:
    report = published_home.report
    for source, contract in SOURCES.items():
        landing = report["landing"][source]
        assert landing["objects"] == landing["rows"] == REFERENCE[contract.table]
        assert landing["quarantined"] == landing["erased"] == 0
        assert landing["bytes"] > 0
    assert {source: landing["files"] for source, landing in report["landing"].items()} == {
        "customer": 1,
        "accelerometer": 9,
        "step_trainer": 3,
    }


def test_a_report_has_every_check(published_home: PublishedHome) -> None:
    report = published_home.report
    failed = {(check["table"], check["check"], check["severity"]) for check in report["checks"] if not check["passed"]}
    assert failed == {
        ("accelerometer_trusted", "readings_before_consent", "WARN"),
        ("step_trainer_trusted", "readings_before_consent", "WARN"),
        ("machine_learning_curated", "pairs_two_customers", "WARN"),
    }
    assert all({"expected", "actual"} <= set(check["metadata"]) for check in report["checks"])
    assert {check["table"] for check in report["checks"]} == {contract.table for contract in CONTRACTS}


def test_a_run_ends_with_a_table_and_plain_lines(published_home: PublishedHome) -> None:
    finished, report = published_home.finished, published_home.report
    header, _, *rows = finished.stdout.splitlines()
    assert header.split() == ["table", "rows", "expected", "checks", "passed", "snapshot", "seconds"]
    assert [row.split()[0] for row in rows[: len(CONTRACTS)]] == [contract.table for contract in CONTRACTS]
    assert f"run {report['run_id']} published" in rows[-1]
    assert "published machine_learning_curated: 43681 rows" in finished.stderr
    assert "\x1b" not in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr


def test_query_answers_in_three_forms(published_home: PublishedHome) -> None:
    home = published_home.folder
    sql = "SELECT same_customer, count(*) AS n FROM stedi.machine_learning_curated GROUP BY 1 ORDER BY 1"
    as_json = command("stedi", "query", sql, "--format", "json", home=home)
    assert json.loads(as_json.stdout) == [{"same_customer": False, "n": 2700}, {"same_customer": True, "n": 40981}]
    as_csv = command("stedi", "query", sql.replace("stedi.", ""), "--format", "csv", home=home)
    assert list(csv.reader(io.StringIO(as_csv.stdout))) == [
        ["same_customer", "n"],
        ["False", "2700"],
        ["True", "40981"],
    ]
    as_table = command("stedi", "query", sql, home=home)
    assert as_table.stdout.splitlines()[0].split() == ["same_customer", "n"]


def test_query_reads_every_table(published_home: PublishedHome) -> None:
    home = published_home.folder
    sql = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in REFERENCE)
    found = json.loads(command("stedi", "query", sql, "--format", "json", home=home).stdout)
    assert {row["name"]: row["n"] for row in found} == REFERENCE


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "ATTACH '{folder}/other.db'",
        "SET enable_external_access = true",
        "DROP TABLE customer_trusted",
        "INSERT INTO customer_trusted SELECT * FROM customer_trusted",
        "SELECT * FROM no_such_table",
        "SELEKT 1",
    ],
)
def test_query_only_reads_tables(published_home: PublishedHome, tmp_path: Path, sql: str) -> None:
    home = published_home.folder
    (tmp_path / "secret.csv").write_text("a\nsecret-value\n")
    finished = command("stedi", "query", sql.format(folder=tmp_path), home=home)
    assert finished.returncode == 2
    assert finished.stderr.startswith("stedi: the query failed: ")
    assert "Traceback" not in finished.stderr
    assert "secret-value" not in finished.stdout + finished.stderr
    assert not (tmp_path / "out.csv").exists()


def test_selected_tables_only(published_home: PublishedHome, tmp_path: Path) -> None:
    home, before = published_home.folder, published_home.report
    words = ("--quiet", "--full", "--select", "customer_trusted,customers_curated", "--json", str(tmp_path / "r.json"))
    finished = command("stedi", "run", *words, home=home)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    report = json.loads((tmp_path / "r.json").read_text())
    built = {name for name, table in report["tables"].items() if table["published"]}
    assert built == {"customer_trusted", "customers_curated"}
    assert report["tables"]["customer_trusted"]["snapshot_id"] != before["tables"]["customer_trusted"]["snapshot_id"]
    assert report["landing"] == {}


def test_a_terminal_shows_colours_unless_they_are_not_wanted(published_home: PublishedHome) -> None:
    home = published_home.folder
    words = ("stedi", "run", "--full", "--select", "step_trainer_trusted")
    shown = on_a_terminal(*words, home=home)
    assert "\x1b[33m12 of 13\x1b[0m" in shown
    assert "\x1b[33mWARN\x1b[0m  step_trainer_trusted.readings_before_consent" in shown
    assert "\x1b[32mpublished\x1b[0m in" in shown
    assert "\x1b[31mstedi:\x1b[0m No such command" in on_a_terminal("stedi", "x", home=home)
    assert on_a_terminal("stedi", "x", home=home, NO_COLOR="1").startswith("stedi: No such command")


def test_killed_services_are_recovered_with_what_was_published(published_home: PublishedHome) -> None:
    home = published_home.folder
    running = find(home)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    finished = command("stedi", "query", "SELECT count(*) AS n FROM customer_trusted", "--format", "json", home=home)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == [{"n": 482}]


def test_a_missed_expectation_is_exit_1_with_a_report(published_home: PublishedHome, tmp_path: Path) -> None:
    home = published_home.folder
    (tmp_path / "expected.json").write_text('{"customers_curated": 7}')
    words = ("--quiet", "--expect", str(tmp_path / "expected.json"), "--json", str(tmp_path / "r.json"))
    finished = command("stedi", "run", *words, home=home)
    assert (finished.returncode, finished.stderr) == (1, "")
    missed, failed_step, ended = finished.stdout.splitlines()
    assert missed == "ERROR  customers_curated.expected_rows: expected 7, found 482"
    assert failed_step.startswith("FAILED  not published: customers_curated")
    assert " failed in " in ended
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["success"] is False
    assert report["tables"]["customers_curated"] == {
        "rows": None,
        "expected": 7,
        "snapshot_id": None,
        "published": False,
        "unchanged": False,
    }
    failed = [check for check in report["checks"] if not check["passed"] and check["severity"] == "ERROR"]
    assert [(check["table"], check["check"], check["metadata"]) for check in failed] == [
        ("customers_curated", "expected_rows", {"expected": 7, "actual": 482})
    ]
    still = command("stedi", "query", "SELECT count(*) AS n FROM customers_curated", "--format", "json", home=home)
    assert json.loads(still.stdout) == [{"n": 482}]


def test_own_data_is_mirrored_and_used_again(own_home: Path, tmp_path: Path) -> None:
    landing = write_landing(
        tmp_path / "own", lines([customer("a@x.org", "s1")]), lines([motion("a@x.org")]), lines([step("s1")])
    )
    (tmp_path / "late.json").write_text(lines([customer("b@x.org", "s2")]))
    delivered = command("stedi", "deliver", "customers", str(tmp_path / "late.json"), home=own_home)
    assert "customer, delivery" in delivered.stdout, delivered.stderr
    first = command("stedi", "run", "--landing", str(landing), "--json", str(tmp_path / "r.json"), home=own_home)
    assert first.returncode == 0, first.stderr + first.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["landing"]["customer"]["files"] == 2, "a delivery is not the mirror's business"
    assert report["tables"]["machine_learning_curated"] | {"snapshot_id": 0} == {
        "rows": 1,
        "expected": None,
        "snapshot_id": 0,
        "published": True,
        "unchanged": False,
    }
    again = command("stedi", "run", "--json", str(tmp_path / "r.json"), home=own_home)
    assert again.returncode == 0, "the zone holds own data: the reference counts are not expected of it"
    assert "found nothing new" in again.stdout
    second = json.loads((tmp_path / "r.json").read_text())["tables"]
    assert second == {name: {**table, "unchanged": True} for name, table in report["tables"].items()}
    prefix = command("stedi", "run", "--landing", "s3://stedi/landing", home=own_home)
    assert prefix.returncode == 0, prefix.stderr + prefix.stdout


@pytest.mark.skipif(not REFERENCE_SET.exists(), reason="the real reference set is licensed: not in the repository")
def test_the_real_reference_set(own_home: Path, tmp_path: Path) -> None:
    with tarfile.open(REFERENCE_SET) as archive:
        archive.extractall(tmp_path / "real", filter="data")
    words = ("--landing", str(tmp_path / "real"), "--expect", "reference", "--json", str(tmp_path / "r.json"))
    finished = command("stedi", "run", *words, home=own_home)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert {name: table["rows"] for name, table in report["tables"].items()} == REFERENCE
    counted = {
        (check["table"], check["check"]): check["metadata"]["actual"]
        for check in report["checks"]
        if not check["passed"]
    }
    assert counted == {
        ("accelerometer_trusted", "readings_before_consent"): 8956,
        ("step_trainer_trusted", "readings_before_consent"): 3163,
        ("machine_learning_curated", "pairs_two_customers"): 2700,
    }


def test_generate_and_down(own_home: Path, tmp_path: Path) -> None:
    made = command("stedi", "generate", "--scale", "2", "--out", str(tmp_path / "set"), home=own_home)
    assert "1,912 customer, 162,546 accelerometer, 57,360 step_trainer" in made.stdout
    again = command("stedi", "generate", "--out", str(tmp_path / "set"), home=own_home)
    assert (again.returncode, "Traceback" in again.stderr) == (2, False)
    assert "no services were running" in command("stedi", "down", home=own_home).stdout


def test_down_stops_the_services(own_home: Path) -> None:
    command("stedi", "query", "SELECT * FROM customer_trusted", home=own_home)
    assert find(own_home) is not None
    assert "stopped the services" in command("stedi", "down", home=own_home).stdout
    assert find(own_home) is None


def test_help_explains_each_command_in_a_line() -> None:
    shown = command("stedi", "--help", home=Path("unused")).stdout
    for name in ("run", "dev", "query", "generate", "down"):
        assert any(line.split()[:1] == [name] and len(line.split()) > 3 for line in shown.splitlines())
