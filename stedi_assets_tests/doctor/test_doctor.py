"""`stedi doctor` on real things: each fault is put there, and found; nothing is started or changed."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from stedi_assets.contracts import CONTRACTS
from stedi_assets.doctor import home as home_findings
from stedi_assets.lakehouse.services import disk, ensure_running
from stedi_assets.settings import Settings
from stedi_assets_tests.support.aws import BUCKET, variables
from stedi_assets_tests.support.commands import REPOSITORY, command, free_port
from stedi_assets_tests.support.lake import Lake

Findings = dict[str, dict[str, Any]]


def examined(home: Path, *words: str, **more: str) -> tuple[int, Findings]:
    """The exit status, and what was found, by what was looked at."""
    file = next(folder for folder in home.parents if folder.is_dir()) / "doctor.json"
    finished = command("stedi", "doctor", "--json", str(file), *words, home=home, folder=REPOSITORY, **more)
    assert finished.stderr == ""
    told = json.loads(file.read_text())
    shown = finished.stdout.splitlines()
    for finding in told["findings"]:
        assert any(line.split("  ")[0] == finding["what"] and finding["found"] in line for line in shown)
        is_fine = finding["state"] in ("ok", "not running")
        assert (f"TO DO  {finding['what']}: {finding['remedy']}" in shown) is not is_fine
    assert told["fine"] is (finished.returncode == 0)
    return finished.returncode, {finding["what"]: finding for finding in told["findings"]}


def test_before_first_use_all_is_fine_and_nothing_is_made(own_home: Path) -> None:
    status, found = examined(own_home)
    assert status == 0
    assert found["Python"]["found"].startswith(".".join(map(str, sys.version_info[:3])))
    assert found["home"]["found"] == f"{own_home}: made when it is first needed"
    assert (found["services"]["state"], found["services"]["found"]) == ("not running", "started when needed")
    assert found["engine"]["found"].startswith("embedded, Sail ")
    assert not own_home.exists()


def test_a_home_that_runs_shows_where_and_what_it_holds(lake: Lake, landed: Path, home: Path) -> None:
    status, found = examined(home)
    assert status == 0
    assert found["S3"]["found"] == lake.endpoints.s3_url
    assert found["catalog"]["found"] == lake.endpoints.catalog_url
    assert found["landing zone"]["found"].startswith("s3://stedi/landing: objects: ")
    assert found["tables"]["found"] == f"0 of {len(CONTRACTS)} published; stedi run builds them"


def test_packages_of_other_versions_and_missing_ones_are_named(own_home: Path, tmp_path: Path) -> None:
    record = tmp_path / "elsewhere" / "stedi_lakehouse-0.1.0.dist-info"
    record.mkdir(parents=True)
    pins = ("duckdb==0.0.1", "no-such-package[all]==1.0", 'pytest==0.0.1; extra == "test"')
    lines = ["Metadata-Version: 2.1", "Name: stedi-lakehouse", "Version: 0.1.0", *(f"Requires-Dist: {p}" for p in pins)]
    (record / "METADATA").write_text("\n".join(lines) + "\n")
    status, found = examined(own_home, PYTHONPATH=f"{record.parent}{os.pathsep}{REPOSITORY}")
    assert status == 1
    assert found["duckdb"]["state"] == "wrong"
    assert found["duckdb"]["found"].endswith("; 0.0.1 is expected")
    assert found["no-such-package"]["found"] == "none; 1.0 is expected"
    assert found["its packages"]["found"] == "0 of 2 as they are pinned"


def test_a_home_that_cannot_be_is_told_from_one_that_is_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, found = examined(tmp_path / "file" / "home")
    assert (status, found["home"]["found"]) == (1, f"{tmp_path / 'file'} is a file, a folder is expected")
    opened = tmp_path / "open"
    (opened / "dagster").mkdir(parents=True)
    (opened / "dagster" / "dagster.yaml").write_text("no: [")
    (opened / "pseudonym.key").write_text("")
    (opened / "erasure.key").write_text("")
    for path, mode in ((opened, 0o755), (opened / "pseudonym.key", 0o644), (opened / "erasure.key", 0o600)):
        path.chmod(mode)
    status, found = examined(opened)
    assert status == 1
    assert found["home"]["remedy"] == f"close it: chmod 700 {opened}"
    assert found["key file"]["remedy"] == f"close it: chmod 600 {opened / 'pseudonym.key'}"
    assert found["key files"]["found"] == "closed to others: erasure.key"
    assert found["Dagster folder"]["remedy"] == "mend it, or delete it: it is made anew"


def test_a_disk_without_space_is_told(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_LEAST_FREE_BYTES", 2**62)
    found = list(home_findings.folder(Settings(home=own_home)))
    assert [(finding.what, finding.state) for finding in found] == [("home", "ok"), ("disk", "wrong")]


def test_services_that_do_not_answer_are_not_reachable(own_home: Path) -> None:
    process = ensure_running(own_home).pid
    os.kill(process, signal.SIGSTOP)
    try:
        status, found = examined(own_home)
    finally:
        os.kill(process, signal.SIGCONT)
    assert status == 1
    assert (found["S3"]["state"], found["catalog"]["state"]) == ("not reachable", "not reachable")
    assert "tables" not in found
    (own_home / "credentials.json").write_text("{}")
    status, found = examined(own_home)
    assert (status, found["services"]["state"]) == (1, "wrong")


def test_an_engine_that_is_not_there_is_told(own_home: Path, tmp_path: Path) -> None:
    parts = {"JAVA_HOME": "/nowhere", "STEDI_CACHE": str(tmp_path / "cache")}
    status, found = examined(own_home, "--engine", "spark", **parts)
    assert (status, found["Java"]["state"]) == (1, "missing")
    assert found["Java"]["found"].endswith("found none at /nowhere/bin/java")
    assert found["Java"]["remedy"].startswith("install one")
    assert "fetched from Maven Central at the first start" in found["Spark's jars"]["found"]
    assert not (tmp_path / "cache").exists()
    status, found = examined(own_home, STEDI_ENGINE=f"sc://127.0.0.1:{free_port()}/;token=secret-token")
    assert (status, found["engine"]["state"]) == (1, "not reachable")
    assert "(connection refused)" in found["engine"]["found"]
    assert "secret-token" not in json.dumps(found)
    status, found = examined(own_home, STEDI_ENGINE="glue")
    assert (status, found["settings"]["state"]) == (1, "wrong")


def test_on_aws_it_tells_credentials_bucket_and_catalog(moto: str, own_home: Path, tmp_path: Path) -> None:
    client = boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    given = variables(moto, AWS_SECRET_ACCESS_KEY="secret-of-moto")
    status, found = examined(own_home, **given)
    assert (status, found["bucket"]["state"], "does not exist" in found["bucket"]["found"]) == (
        1,
        "not reachable",
        True,
    )
    client.create_bucket(Bucket=BUCKET)
    status, found = examined(own_home, **given)
    assert status == 0
    assert found["AWS credentials"]["found"] == "found by env"
    assert found["bucket"]["found"] == f"s3://{BUCKET} in us-east-1"
    assert found["catalog"]["found"] == "Glue, database stedi: made by the first run"
    assert "services" not in found
    assert "of-moto" not in json.dumps(found)
    without = {name: value for name, value in given.items() if name.startswith("STEDI_")}
    nobody = {
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    status, found = examined(own_home, **without, **nobody)
    assert (status, found["AWS credentials"]["state"]) == (1, "missing")
