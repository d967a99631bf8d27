"""The lakehouse on AWS: the same graph, with its tables in the Glue Data Catalog and its keys in Secrets Manager.

The bucket is the home's real S3; the Glue catalog and the secrets are moto's, as these cannot run here.
"""

import json
import time
from pathlib import Path

import boto3
import pytest
from pyspark.sql import SparkSession

from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING, CUSTOMER_TRUSTED, MACHINE_LEARNING_CURATED
from stedi_assets.keys import KeyFileError, SecretKeys, keyed_hash, keys_of
from stedi_assets.lakehouse.catalog import find_table
from stedi_assets.lakehouse.store import Store
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.landing.zone import Zone
from stedi_assets.settings import Settings
from stedi_assets.upkeep.compaction import compact
from stedi_assets.upkeep.orphans import remove_orphans
from stedi_assets_tests.maintenance.test_upkeep import look_after, told
from stedi_assets_tests.support.aws import (
    PSEUDONYM_KEY,
    REGION,
    in_glue,
    make_keys,
    use_bucket_of,
    variables,
)
from stedi_assets_tests.support.commands import REPOSITORY, command
from stedi_assets_tests.support.lake import Lake, bring, customer, failed_checks, failure, receipt_of
from stedi_assets_tests.support.small_files import deliver


@pytest.fixture
def lake(moto: str, store: Store, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lakehouse on AWS, without tables."""
    use_bucket_of(store, moto, monkeypatch)
    make_keys(moto)
    return Lake()


@pytest.fixture
def tables(lake: Lake, spark: SparkSession) -> Tables:
    return Tables(lake.catalog, spark, lake.s3, retention_days=3)


def test_every_table_is_an_iceberg_table_of_glue(lake: Lake, tmp_path: Path) -> None:
    bring(lake, tmp_path / "landing")
    result = lake.run()
    assert result.success, failure(result)
    for contract in CONTRACTS:
        table, found = in_glue(contract), find_table(lake.catalog, contract)
        assert found is not None
        assert table["Parameters"]["table_type"] == "ICEBERG"
        assert table["Parameters"]["metadata_location"] == found.metadata_location
        assert table["TableType"] == "EXTERNAL_TABLE"
        assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == list(contract.column_names)
        assert found.location() == lake.store.uri(f"tables/stedi.db/{contract.table}")
        assert found.format_version == 2, "Athena reads no other"
    subject = lake.rows(MACHINE_LEARNING_CURATED, "subject_id")[0]
    known = {keyed_hash(PSEUDONYM_KEY.encode(), "subject", name) for name in ("ann@x.org", "ben@x.org")}
    assert subject in known, "ids are made with the secret's key"


def test_a_failed_audit_leaves_what_glue_points_to(lake: Lake, tmp_path: Path) -> None:
    bring(lake, tmp_path / "landing")
    assert lake.run().success
    before = {contract.table: in_glue(contract)["Parameters"]["metadata_location"] for contract in CONTRACTS}
    result = lake.run(expect=json.dumps({"customer_trusted": 99}), select=[CUSTOMER_TRUSTED])
    assert not result.success
    assert ("customer_trusted", "expected_rows") in failed_checks(result)
    assert {c.table: in_glue(c)["Parameters"]["metadata_location"] for c in CONTRACTS} == before


def test_an_erasure_marks_its_key_and_keeps_people_out(lake: Lake, tmp_path: Path) -> None:
    lake.zone = Zone(lake.store.uri("landing"), lake.s3)
    bring(lake, tmp_path / "landing")
    assert lake.run().success
    keys = keys_of(Settings.load())
    assert not keys.has_erasure()
    receipt = receipt_of(lake.forget(lake.request("Ann@x.org")))
    assert (receipt["customers"], keys.has_erasure()) == (1, True)
    assert lake.keys(lake.store.bucket, lake.store.key("erasure/")) == [lake.store.key("erasure/suppressed.json")]
    assert lake.rows(CUSTOMER_TRUSTED, "email") == ["ben@x.org"]
    bring(lake, tmp_path / "again", customers=[customer("ann@x.org", "s1"), customer("ben@x.org", "s2")])
    assert lake.run().success
    assert lake.rows(CUSTOMER_TRUSTED, "email") == ["ben@x.org"]


def test_upkeep_leaves_young_objects_alone_and_compacts_where_there_is_an_engine(
    lake: Lake, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in ("a@x", "b@x", "c@x", "d@x", "e@x"):
        deliver(tables, person)
    assert compact(tables, CUSTOMER_LANDING, "run").files_after == 1
    monkeypatch.setenv("STEDI_RETENTION_DAYS", "0")
    monkeypatch.setenv("STEDI_ENGINE", "glue")
    result = look_after(lake)
    assert result.success, failure(result)
    metadata = told(result)
    assert "no Glue job rewrites files" in metadata["compaction"]["stedi/left_out"]
    assert metadata["expired_snapshots"]["stedi/snapshots_removed"] == 5
    assert metadata["orphans"]["stedi/objects_deleted"] == 0, "they may be another machine's, not yet published"
    later = int(time.time() * 1000) + 60_000
    assert remove_orphans(lake.catalog, lake.s3, CUSTOMER_LANDING, later, None).objects > 15
    assert lake.rows(CUSTOMER_LANDING, "email") == ["a@x", "b@x", "c@x", "d@x", "e@x"]


def test_a_secret_that_is_missing_or_short_is_said_without_its_text(moto: str) -> None:
    client = boto3.client("secretsmanager", endpoint_url=moto, region_name=REGION)
    keys = SecretKeys("stedi/pseudonym-key", "stedi/erasure-key", client)
    with pytest.raises(KeyFileError, match=r"stedi/pseudonym-key is expected .* and there is none: create the stack"):
        keys.pseudonym()
    client.create_secret(Name="stedi/pseudonym-key", SecretString="canary")
    with pytest.raises(KeyFileError, match="has 6 bytes: at least 32") as refused:
        keys.pseudonym()
    assert "canary" not in str(refused.value)
    client.create_secret(Name="stedi/erasure-key", SecretString="e" * 32)
    assert not keys.has_erasure()
    assert keys.erasure() == b"e" * 32
    assert keys.has_erasure()


def test_nothing_is_copied_into_an_empty_zone(lake: Lake) -> None:
    lake.zone = Zone("", lake.s3)
    result = lake.run()
    assert not result.success
    assert "has no .json or .json.gz objects for customer, accelerometer, step_trainer" in failure(result)
    assert lake.keys(lake.store.bucket, lake.store.prefix) == []


def test_the_command_publishes_the_reference_counts_on_moto_alone(moto: str, own_home: Path, tmp_path: Path) -> None:
    given = variables(moto)
    boto3.client("s3", endpoint_url=moto, region_name=REGION).create_bucket(Bucket=given["STEDI_BUCKET"])
    make_keys(moto)
    report = tmp_path / "report.json"
    words = ("stedi", "run", "--landing", "data", "--expect", "reference", "--json", str(report))
    run = command(*words, home=own_home, folder=REPOSITORY, **given)
    assert run.returncode == 0, run.stderr
    assert {table["rows"] == table["expected"] for table in json.loads(report.read_text())["tables"].values()} == {True}
    asked = "SELECT count(*) AS n FROM stedi.machine_learning_curated WHERE same_customer"
    query = command("stedi", "query", asked, "--format", "csv", home=own_home, folder=REPOSITORY, **given)
    assert query.stdout == "n\n40981\n"
    kept = {path.relative_to(own_home).parts[0] for path in own_home.rglob("*")}
    assert kept == {"dagster", "run.lock"}, "no credentials, no store, no keys"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"STEDI_BUCKET": ""}, "STEDI_BUCKET is not set"),
        ({}, "the bucket stedi-on-aws in us-east-1 is expected to answer; it does not exist"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": "/none", "HOME": "/none"},
            "no AWS credentials were found",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "it did not (EndpointConnectionError)"),
    ],
)
def test_what_is_missing_on_aws_is_one_sentence(moto: str, own_home: Path, changed: dict[str, str], said: str) -> None:
    more = {"STEDI_PSEUDONYM_SECRET": "p" * 32, "AWS_EC2_METADATA_DISABLED": "true"}
    given = {**variables(moto), **more, **changed}
    run = command("stedi", "run", "--landing", "data", home=own_home, folder=REPOSITORY, **given)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr
