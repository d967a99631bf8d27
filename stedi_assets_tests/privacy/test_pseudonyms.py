"""Pseudonyms: the engine's hash is Python's, and the key is nowhere to be seen."""

import hashlib
import hmac
import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stedi_assets.keys import HomeKeys, KeyFileError, keyed_hash
from stedi_assets.settings import SettingsError
from stedi_assets.transforms.pseudonyms import DEVICE, SUBJECT, key_frame, with_pseudonyms

KEYS = st.binary(min_size=1, max_size=150)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=KEYS, texts=TEXTS)
def test_the_engines_hash_is_pythons(spark: SparkSession, key: bytes, texts: list[str]) -> None:
    rows = spark.createDataFrame([(place, text) for place, text in enumerate(texts)], "place int, text string")
    found = with_pseudonyms(rows, key_frame(spark, key), id=(SUBJECT, F.col("text"))).orderBy("place").collect()
    assert [row["id"] for row in found] == [
        hmac.new(key, b"subject:" + text.encode(), hashlib.sha256).hexdigest() for text in texts
    ]


def test_nobody_has_no_pseudonym_and_domains_differ(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(None, "x"), ("x", "x")], "a string, b string")
    key = key_frame(spark, b"k" * 32)
    found = with_pseudonyms(rows, key, a_id=(SUBJECT, F.col("a")), b_id=(DEVICE, F.col("b"))).orderBy("a").collect()
    assert found[0]["a_id"] is None
    assert found[1]["a_id"] == keyed_hash(b"k" * 32, SUBJECT, "x") != found[1]["b_id"]


def test_the_key_is_in_no_query_plan(spark: SparkSession) -> None:
    key = b"canary key canary key canary key"
    pads = [bytes(b ^ pad for b in key.ljust(64, b"\0")).hex() for pad in (0x36, 0x5C)]
    rows = spark.createDataFrame([("x",)], "text string")
    shown = io.StringIO()
    with redirect_stdout(shown):
        with_pseudonyms(rows, key_frame(spark, key), id=(SUBJECT, F.col("text"))).explain(extended=True)
    assert "sha2" in shown.getvalue().lower()
    for secret in (key.decode(), key.hex(), *pads):
        assert secret[:20] not in shown.getvalue()


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    keys = HomeKeys(tmp_path / "home")
    key = keys.pseudonym()
    assert len(key) >= 32
    assert keys.pseudonym() == key != HomeKeys(tmp_path / "other").pseudonym()
    assert keys.erasure() != key
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "home").iterdir()} == {0o600}


def test_a_secret_of_ones_own_is_taken_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "s" * 32
    monkeypatch.setenv("STEDI_PSEUDONYM_SECRET", secret)
    assert HomeKeys(tmp_path).pseudonym() == secret.encode()
    assert list(tmp_path.iterdir()) == []


def test_too_short_a_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEDI_PSEUDONYM_SECRET", "s" * 31)
    with pytest.raises(SettingsError, match="has 31 bytes: at least 32") as refusal:
        HomeKeys(tmp_path).pseudonym()
    monkeypatch.delenv("STEDI_PSEUDONYM_SECRET")
    assert "sss" not in str(refusal.value)
    (tmp_path / "pseudonym.key").touch(0o600)
    with pytest.raises(KeyFileError, match="has 0 bytes"):
        HomeKeys(tmp_path).pseudonym()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    HomeKeys(tmp_path).pseudonym()
    (tmp_path / "pseudonym.key").chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        HomeKeys(tmp_path).pseudonym()
