"""The engines agree: every table, row by row, and every landed object, whatever is in it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.digest import row_digest
from stedi_assets.lakehouse.engines import EngineError, session_on
from stedi_assets.lakehouse.engines.apache_spark import local_server_url, stop_local_server
from stedi_assets.lakehouse.engines.connect import connect_session
from stedi_assets.lakehouse.services import Endpoints
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import REPOSITORY_DATA, Settings
from stedi_assets_tests.iceberg.test_digest import ROWS, SCHEMA
from stedi_assets_tests.support.characters import differing, keys_in, texts
from stedi_assets_tests.support.compared import differences
from stedi_assets_tests.support.dirty import write_dirty
from stedi_assets_tests.support.documents import documents, lines_of_readings, mutated
from stedi_assets_tests.support.field_ids import tables_with_other_ids
from stedi_assets_tests.support.lake import Lake, failure, receipt_of
from stedi_assets_tests.support.landed import rows_and_findings

TRUSTED_AND_CURATED = [contract for contract in CONTRACTS if contract.zone != "landing"]


@pytest.fixture(scope="module")
def apache_spark(store: Store, java: Path) -> Iterator[SparkSession]:
    """Apache Spark on this machine, beside the embedded engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_ENGINE", "spark")
        yield session_on(Settings.load(), store)
    stop_local_server()


def tables_of(lake: Lake, engine: str, monkeypatch: pytest.MonkeyPatch, **run: Any) -> dict[str, list[dict[str, Any]]]:
    """What a run on this engine publishes, in files with the tables' field ids."""
    monkeypatch.setenv("STEDI_ENGINE", engine)
    result = lake.run(full=True, **run)
    assert result.success, failure(result)
    assert tables_with_other_ids(lake.catalog) == []
    return {
        contract.table: lake.catalog.load_table(f"stedi.{contract.table}").scan().to_arrow().to_pylist()
        for contract in CONTRACTS
    }


def compare(lake: Lake, monkeypatch: pytest.MonkeyPatch, **run: Any) -> dict[str, int]:
    """Runs on both engines; the tables' rows."""
    embedded, spark = (tables_of(lake, engine, monkeypatch, **run) for engine in ("embedded", "spark"))
    found = [line for table in embedded for line in differences(table, embedded[table], spark[table])]
    assert found == [], "\n".join(found)
    return {table: len(rows) for table, rows in embedded.items()}


def test_on_data(lake: Lake, apache_spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.zone.mirror(REPOSITORY_DATA)
    assert compare(lake, monkeypatch, expect="reference")["machine_learning_curated"] == 43_681
    strict = {"select": TRUSTED_AND_CURATED, "consent": "at-reading", "serials": "unambiguous"}
    assert compare(lake, monkeypatch, expect="reference", **strict)["machine_learning_curated"] == 34_253


def test_the_digest_of_rows(spark: SparkSession, apache_spark: SparkSession) -> None:
    found = [str(row_digest(session.createDataFrame(ROWS, SCHEMA))) for session in (spark, apache_spark)]
    assert found[0] == found[1]


def test_on_dirt(lake: Lake, apache_spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "0.9")
    lake.zone.mirror(write_dirty(tmp_path))
    rows = compare(lake, monkeypatch)
    assert all(rows.values()), "dirt in every table"
    compare(lake, monkeypatch, select=TRUSTED_AND_CURATED, consent="at-reading", serials="unambiguous")


def test_after_an_erasure(
    lake: Lake, apache_spark: SparkSession, landed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []
    for engine in ("embedded", "spark"):
        tables_of(lake, engine, monkeypatch)
        receipt = receipt_of(lake.forget(lake.request("ann@x.org"), rewrite_landing=True))
        assert receipt["customers"] == 1
        left.append(tables_of(lake, engine, monkeypatch))
        lake.drop_tables()
        lake.zone.mirror(landed)
    assert [line for table in left[0] for line in differences(table, left[0][table], left[1][table])] == []
    assert len(left[0]["customer_landing"]) == 2


def test_apache_spark_is_closed_to_others(apache_spark: SparkSession, store: Store, endpoints: Endpoints) -> None:
    """It listens on loopback alone, wants its token, and has the store's keys in no setting, log or argument."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEDI_ENGINE", "spark")
        url = local_server_url(Settings.load(), store)
    port = int(url.removeprefix("sc://127.0.0.1:").partition("/")[0])
    folder = Settings.load().home / "spark" / f"{os.getpid()}-{port}"
    (jvm,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if f"{folder}/spark.conf" in (process.info["cmdline"] or ())
    ]
    listening = {c.laddr.ip.removeprefix("::ffff:") for c in jvm.net_connections() if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    own = {row.key: row.value for row in apache_spark.sql("SET -v").collect() + apache_spark.sql("SET").collect()}
    assert [key for key, value in own.items() if endpoints.secret_key in value] == []
    assert apache_spark.conf.get("spark.authenticate") == "true", "the ports of its parts want a secret"
    assert apache_spark.conf.get("spark.ui.enabled") == "false", "no page shows its settings"
    said = " ".join(jvm.cmdline()) + "".join(
        file.read_text(errors="replace") for file in folder.iterdir() if file.is_file()
    )
    assert endpoints.secret_key not in said
    assert url.partition("token=")[2] not in said
    with pytest.raises(EngineError, match="does not answer as Spark Connect") as refused:
        connect_session(f"sc://127.0.0.1:{port}/;token=wrong", {})
    assert "wrong" not in str(refused.value)


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    texts=st.lists(
        st.one_of(documents().map(lambda document: document.text), mutated(), lines_of_readings()),
        min_size=60,
        max_size=60,
    )
)
def test_on_generated_objects(lake: Lake, spark: SparkSession, apache_spark: SparkSession, texts: list[bytes]) -> None:
    for landed in lake.zone.objects():
        lake.s3.delete_object(Bucket=landed.bucket, Key=landed.key)
    for place, text in enumerate(texts):
        key = f"{lake.zone.prefix}accelerometer/{place}.json"
        lake.s3.put_object(Bucket=lake.zone.bucket, Key=key, Body=text)
    found = [rows_and_findings(engine, lake.zone, "accelerometer") for engine in (spark, apache_spark)]
    for name, left, right in zip(("rows", "findings"), *found, strict=True):
        assert differences(name, left, right) == []


def test_apache_spark_and_python_have_one_rule_of_who_is_one_customer(apache_spark: SparkSession) -> None:
    given = texts()
    assert [differing(keys, given) for keys in keys_in(apache_spark, given)] == [[], []]
