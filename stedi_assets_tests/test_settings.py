"""Settings from the environment, and expectations from files: what is taken and what is refused."""

import sys
from pathlib import Path

import pytest

from stedi_assets.cli.ending import carry_out
from stedi_assets.cli.main import stedi
from stedi_assets.contracts import CONTRACTS
from stedi_assets.expectations import REFERENCE, ExpectationsError, read_expectations
from stedi_assets.settings import REPOSITORY_DATA, Settings, SettingsError


def test_defaults() -> None:
    found = Settings.load({})
    assert found == Settings(home=Path(".stedi").resolve(), cache=Path("~/.cache/stedi").expanduser())
    assert (found.data, found.max_quarantine_share, found.retention_days) == (REPOSITORY_DATA, 0.01, 7)


def test_what_is_set_is_taken() -> None:
    found = Settings.load({"STEDI_HOME": "/h", "STEDI_MAX_QUARANTINE_SHARE": "0.5", "STEDI_MAX_OBJECT_BYTES": "1000"})
    assert (found.home, found.max_quarantine_share, found.max_object_bytes) == (Path("/h"), 0.5, 1000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STEDI_MAX_QUARANTINE_SHARE", "1.5"),
        ("STEDI_MAX_QUARANTINE_SHARE", "nan"),
        ("STEDI_MAX_OBJECT_BYTES", "0"),
        ("STEDI_MAX_VALUE_BYTES", "255"),
        ("STEDI_RETENTION_DAYS", "week"),
        ("STEDI_LOCK_TIMEOUT_SECONDS", "-1"),
        ("STEDI_AUDIT_TIMEOUT_SECONDS", "0"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}': a number from"):
        Settings.load({name: value})


@pytest.mark.parametrize("name", ["STEDI_HOME", "STEDI_DATA", "STEDI_CACHE"])
def test_a_home_folder_that_nobody_has_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '~no-such-user/x': this machine knows no home folder for it"):
        Settings.load({name: "~no-such-user/x"})


@pytest.mark.parametrize("words", [("tables", "--home", "~no-such-user/x"), ("deliver", "customer", "~no-such-user/x")])
def test_nor_is_one_of_an_option_taken(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["stedi", *words])
    monkeypatch.chdir(tmp_path)
    assert carry_out(stedi) == 2
    assert "'~no-such-user/x': this machine knows no home folder for it" in capsys.readouterr().err


def test_a_home_with_a_question_mark_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"STEDI_HOME is '/h[?]me': a path without [?] is expected"):
        Settings.load({"STEDI_HOME": "/h?me"})


def test_expectations(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text('{"customer_trusted": 3}')
    assert read_expectations(str(tmp_path / "e.json")) == {"customer_trusted": 3}
    assert read_expectations("none") == {}
    assert read_expectations("reference") == REFERENCE
    assert set(REFERENCE) == {contract.table for contract in CONTRACTS}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "whole numbers from 0 on is expected"),
        ('{"customer_trusted": "3"}', "whole numbers"),
        ('{"customer_trusted": true}', "whole numbers"),
        ('{"customers_trusted": 3}', "no such table: customers_trusted; known: customer_landing"),
    ],
)
def test_expectations_that_cannot_be_used_are_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "e.json").write_text(content)
    with pytest.raises(ExpectationsError, match=said):
        read_expectations(str(tmp_path / "e.json"))


AWS_SETTINGS = {"STEDI_ENV": "aws", "STEDI_BUCKET": "stedi-data", "STEDI_REGION": "eu-central-1"}


def test_on_aws_bucket_region_and_prefix_say_where() -> None:
    found = Settings.load({**AWS_SETTINGS, "STEDI_PREFIX": "/lake/prod/"})
    assert (found.env, found.bucket, found.region, found.prefix) == ("aws", "stedi-data", "eu-central-1", "lake/prod")
    by_the_chain = Settings.load({"STEDI_ENV": "aws", "STEDI_BUCKET": "stedi-data", "AWS_DEFAULT_REGION": "us-east-1"})
    assert (by_the_chain.region, by_the_chain.prefix) == ("us-east-1", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"STEDI_ENV": "azure"}, "STEDI_ENV is 'azure': local or aws is expected"),
        ({"STEDI_BUCKET": ""}, "STEDI_BUCKET is not set: with STEDI_ENV=aws the name of an S3 bucket is expected"),
        ({"STEDI_BUCKET": "s3://x"}, "STEDI_BUCKET is 's3://x'"),
        ({"STEDI_REGION": ""}, "STEDI_REGION is not set"),
        ({"STEDI_REGION": "Frankfurt"}, "STEDI_REGION is 'Frankfurt'"),
        ({"STEDI_PREFIX": "a/../b'"}, "STEDI_PREFIX is"),
    ],
)
def test_what_cannot_be_used_on_aws_is_named(changed: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.load({**AWS_SETTINGS, **changed})


def test_glue_computes_on_aws_alone() -> None:
    assert Settings.load({**AWS_SETTINGS, "STEDI_ENGINE": "glue"}).engine == "glue"
    with pytest.raises(SettingsError, match="STEDI_ENV=aws is expected with it"):
        Settings.load({"STEDI_ENGINE": "glue"})
