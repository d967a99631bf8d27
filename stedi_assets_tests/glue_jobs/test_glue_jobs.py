"""The Glue jobs, under spark-submit with what the template has them install: the same tables, and what they report."""

import json
from pathlib import Path

import boto3
import pytest
from pyspark.sql import SparkSession

from stedi_assets.aws import pipes
from stedi_assets.contracts import CONTRACTS, CUSTOMER_TRUSTED, Contract
from stedi_assets.glue_jobs import SCRIPTS, job_name
from stedi_assets.glue_jobs.order import Order, read_order
from stedi_assets.lakehouse.store import Store
from stedi_assets.policy import Policy
from stedi_assets.settings import Settings
from stedi_assets_tests.support.aws import PSEUDONYM_KEY, REGION, make_keys, use_bucket_of
from stedi_assets_tests.support.cloud_template import load, of_type
from stedi_assets_tests.support.compared import differences
from stedi_assets_tests.support.dirty import write_dirty
from stedi_assets_tests.support.field_ids import tables_with_other_ids
from stedi_assets_tests.support.glue import GluePython, SparkSubmitGlue, credentials
from stedi_assets_tests.support.lake import Lake, bring, checks, failed_checks, failure, materialized

LANDING = [contract for contract in CONTRACTS if contract.zone == "landing"]


@pytest.fixture(scope="module")
def python(java: Path, tmp_path_factory: pytest.TempPathFactory) -> GluePython:
    """A Python as a job has it."""
    return GluePython.make(tmp_path_factory.mktemp("glue"))


@pytest.fixture
def aws(moto: str, store: Store, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lakehouse on AWS that is computed by Glue."""
    use_bucket_of(store, moto, monkeypatch)
    monkeypatch.setenv("STEDI_ENGINE", "glue")
    make_keys(moto)
    return Lake()


def rows(lake: Lake, contract: Contract) -> list[dict[str, object]]:
    found: list[dict[str, object]] = lake.catalog.load_table(f"stedi.{contract.table}").scan().to_arrow().to_pylist()
    return found


def test_every_job_makes_the_same_table(
    lake: Lake, python: GluePython, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On dirt, from the local store and catalog: each table row by row as the embedded engine published it."""
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
    lake.zone.mirror(write_dirty(tmp_path))
    result = lake.run()
    assert result.success, failure(result)
    wanted = {contract.table: rows(lake, contract) for contract in CONTRACTS}
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    summary = lake.catalog.load_table("stedi.customer_trusted").current_snapshot().summary  # type: ignore[union-attr]
    policy = Policy(as_of_ms=int(summary.additional_properties["stedi.as-of-ms"]))  # type: ignore[union-attr]
    arguments = Order(Settings.load(), policy, landing=lake.zone.uri, full=True).arguments()
    words = [word for pair in arguments.items() for word in pair]
    environment = {**credentials(), "STEDI_HOME": str(Settings.load().home)}
    for script in SCRIPTS.values():
        done = python.submit(script, words, store, **environment)
        assert done.returncode == 0, f"{script}: {done.stdout[-2000:]} {done.stderr[-4000:]}"
        assert "staged and audited: " in done.stdout
    for contract in CONTRACTS:
        assert lake.snapshot(contract) != before[contract.table], f"the job published {contract.table}"
        assert differences(contract.table, wanted[contract.table], rows(lake, contract)) == []
    assert tables_with_other_ids(lake.catalog) == []
    assert lake.keys(lake.store.bucket, "staging/") == []


def test_dagster_shows_what_the_jobs_report(
    aws: Lake, python: GluePython, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All six jobs, started through Pipes over the real S3: rows, snapshots, checks and logs of each table."""
    glue = SparkSubmitGlue(python, aws.store, credentials())
    monkeypatch.setattr(pipes, "glue_service", lambda region: glue)
    bring(aws, tmp_path / "landing")
    result = aws.run()
    assert result.success, failure(result) + str({name: run["output"][-3000:] for name, run in glue.runs.items()})
    assert materialized(result) == {contract.table for contract in CONTRACTS}
    for event in result.get_asset_materialization_events():
        assert event.asset_key is not None
        told = event.materialization.metadata
        table = next(contract for contract in CONTRACTS if contract.table == event.asset_key.path[-1])
        assert told["dagster/row_count"].value == len(rows(aws, table)) or table.table == "landing_quarantine"
        assert told["stedi/snapshot_id"].value == str(aws.snapshot(table))
    assert {"dagster/column_lineage", "stedi/preview", "stedi/upstream_snapshots"} <= set(told)
    found = checks(result)
    assert {(c.table, "expected_rows") for c in CONTRACTS} <= set(found)
    assert all(evaluation.passed for evaluation in found.values() if evaluation.severity.value == "ERROR")
    logged = [entry.user_message for entry in aws.instance.all_logs(result.run_id)]
    assert any(line.startswith("published stedi.customer_trusted: 2 rows") for line in logged)
    assert aws.keys(aws.store.bucket, aws.store.key("pipes/")) == [], "messages go with the run"
    everything = json.dumps([glue.runs, logged], default=str).lower()
    assert PSEUDONYM_KEY.lower() not in everything
    assert not [canary for canary in ("ann@x.org", "canary name") if canary in everything]


def test_a_job_whose_audit_fails_publishes_nothing_and_says_which_check(
    aws: Lake, python: GluePython, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    glue = SparkSubmitGlue(python, aws.store, credentials())
    monkeypatch.setattr(pipes, "glue_service", lambda region: glue)
    bring(aws, tmp_path / "landing")
    result = aws.run(expect=json.dumps({"customer_landing": 99}))
    assert not result.success
    assert ("customer_landing", "expected_rows") in failed_checks(result)
    assert "customer_landing: expected_rows expected 99, found 3" in failure(result)
    assert (materialized(result), aws.snapshot(LANDING[0])) == (set(), None)
    assert list(glue.runs) == ["stedi-landing"], "nothing downstream is started"
    run = glue.runs["stedi-landing"]
    assert run["JobRunState"] == "FAILED"
    assert "stedi: not published: " in run["ErrorMessage"]


def test_glue_is_asked_for_the_job_with_settings_and_no_secret(aws: Lake, tmp_path: Path) -> None:
    """Moto's Glue: it takes the call, ends the run well, and runs nothing, so that nothing is reported."""
    client = boto3.client("glue", region_name=REGION)
    name = job_name("customer_trusted")
    client.create_job(Name=name, Role="r", Command={"Name": "glueetl"}, DefaultArguments={"--STEDI_ENV": "aws"})
    result = aws.run(select=[CUSTOMER_TRUSTED], expect=json.dumps({"customer_trusted": 2}))
    assert not result.success
    assert f"the Glue job {name} ended well and told nothing" in failure(result)
    (run,) = client.get_job_runs(JobName=name)["JobRuns"]
    arguments = run["Arguments"]
    assert arguments["--STEDI_BUCKET"] == aws.store.bucket
    assert arguments["--STEDI_PREFIX"] == aws.store.prefix
    assert arguments["--run_id"] == result.run_id
    assert arguments["--expect"] == '{"customer_trusted": 2}'
    assert {"--dagster-pipes-context", "--dagster-pipes-messages"} <= set(arguments)
    assert not [n for n in arguments if "SECRET" in n and not n.endswith("_SECRET_ID")]
    assert PSEUDONYM_KEY not in json.dumps(arguments)


def test_a_job_that_is_not_there_is_one_sentence(aws: Lake) -> None:
    result = aws.run(select=[CUSTOMER_TRUSTED])
    assert not result.success
    assert failure(result).startswith(
        "the Glue job stedi-customer_landing_to_trusted could not be run (EntityNotFoundException)"
    )


def test_an_order_survives_its_arguments(aws: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "7")
    policy = Policy(1_700_000_000_000, "at-reading", "unambiguous", 7)
    order = Order(
        Settings.load(), policy, landing="s3://other/zone", expect='{"customer_trusted": 2}', run_id="r", full=True
    )
    words = [word for pair in order.arguments().items() for word in pair]
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "0")
    read = read_order(["--JOB_NAME", "stedi-landing", *words])
    told = (read.policy, read.landing, read.expect, read.run_id, read.full)
    assert told == (policy, order.landing, order.expect, "r", True)
    assert (read.settings.bucket, read.settings.prefix) == (order.settings.bucket, order.settings.prefix)


def test_the_template_has_a_job_for_each_script() -> None:
    jobs = of_type(load(), "AWS::Glue::Job").values()
    assert {job["Name"] for job in jobs} == {job_name(built) for built in SCRIPTS}
    scripts = {str(job["Command"]["ScriptLocation"]).rpartition("/")[2].rstrip("'}") for job in jobs}
    assert scripts == {f"{script}.py" for script in SCRIPTS.values()}
