"""`stedi athena ddl` against moto's Athena: what arrives there, and what is said where it does not."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.athena.responses import AthenaResponse

from stedi_assets.aws.athena import raw_table_statements
from stedi_assets_tests.support.commands import command

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
PLACE = {"STEDI_ENV": "aws", "STEDI_BUCKET": "lake", "STEDI_REGION": "eu-central-1", "STEDI_PREFIX": "a/b"}
STATEMENTS = raw_table_statements("s3://lake/a/b/landing")


def ddl(home: Path, *words: str, **more: str) -> Any:
    """The command, with settings for AWS and keys that moto takes."""
    given: dict[str, Any] = {**KEYS, **PLACE, **more}
    return command("stedi", "athena", "ddl", *words, home=home, **given)


class Aws:
    """moto's server, with the workgroup stedi and an empty history."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client: Any = boto3.client(
            "athena",
            endpoint_url=url,
            region_name=PLACE["STEDI_REGION"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def ddl(self, home: Path, *words: str, **more: str) -> Any:
        return ddl(home, *words, AWS_ENDPOINT_URL=self.url, **more)

    def history(self, workgroup: str) -> list[str]:
        """The statements that arrived in a workgroup, in order."""
        ids = self.client.list_query_executions(WorkGroup=workgroup)["QueryExecutionIds"]
        return [self.client.get_query_execution(QueryExecutionId=id_)["QueryExecution"]["Query"] for id_ in ids]


@pytest.fixture
def aws(moto: str) -> Aws:
    found = Aws(moto)
    found.client.create_work_group(Name="stedi", Configuration={})
    return found


def ends_with(monkeypatch: pytest.MonkeyPatch, **status: str) -> None:
    """Every query ends like this."""
    real = AthenaResponse.get_query_execution

    def answer(response: AthenaResponse) -> str:
        told = json.loads(real(response))
        told["QueryExecution"]["Status"].update(status)
        return json.dumps(told)

    monkeypatch.setattr(AthenaResponse, "get_query_execution", answer)


def test_the_statements_arrive_as_written_one_a_request(aws: Aws, tmp_path: Path) -> None:
    finished = aws.ddl(tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert aws.history("stedi") == STATEMENTS
    assert finished.stdout.splitlines() == [
        "done: CREATE DATABASE IF NOT EXISTS stedi_raw",
        "done: CREATE EXTERNAL TABLE IF NOT EXISTS stedi_raw.customer_landing",
        "done: CREATE EXTERNAL TABLE IF NOT EXISTS stedi_raw.accelerometer_landing",
        "done: CREATE EXTERNAL TABLE IF NOT EXISTS stedi_raw.step_trainer_landing",
    ]


def test_a_statement_is_one_without_comments_and_placeholders() -> None:
    assert len(STATEMENTS) == 4
    assert all(statement.startswith("CREATE ") for statement in STATEMENTS)
    assert not [s for s in STATEMENTS if ";" in s or "--" in s or "/*" in s or "$" in s]
    assert "LOCATION 's3://lake/a/b/landing/step_trainer/'" in STATEMENTS[3]


def test_another_workgroup_is_asked_where_one_is_named(aws: Aws, tmp_path: Path) -> None:
    aws.client.create_work_group(Name="other", Configuration={})
    assert aws.ddl(tmp_path, "--workgroup", "other").returncode == 0
    assert (len(aws.history("other")), aws.history("stedi")) == (4, [])


def test_printed_statements_are_not_run(aws: Aws, tmp_path: Path) -> None:
    finished = aws.ddl(tmp_path, "--print")
    assert finished.returncode == 0
    assert finished.stdout == "\n\n".join(f"{statement};" for statement in STATEMENTS) + "\n"
    assert aws.history("stedi") == []


def said_by(finished: Any) -> str:
    """The one sentence of a command that could not do its work."""
    assert finished.returncode == 2
    (sentence,) = finished.stderr.splitlines()
    return str(sentence)


def test_a_local_lakehouse_has_no_athena(tmp_path: Path) -> None:
    finished = command("stedi", "athena", "ddl", home=tmp_path)
    assert said_by(finished).startswith(
        "stedi: STEDI_ENV is 'local': Athena is on AWS; set STEDI_ENV=aws, STEDI_BUCKET"
    )


def test_a_missing_workgroup_is_named(aws: Aws, tmp_path: Path) -> None:
    sentence = said_by(aws.ddl(tmp_path, "--workgroup", "nowhere"))
    assert "workgroup nowhere, refused the request" in sentence
    assert sentence.endswith("name a workgroup that exists there with --workgroup, or create nowhere")


def test_missing_credentials_are_asked_for(aws: Aws, tmp_path: Path) -> None:
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
    assert "no AWS credentials were found" in said_by(aws.ddl(tmp_path, **nothing))


def test_a_failed_statement_tells_its_reason_and_ends_the_work(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_with(monkeypatch, State="FAILED", StateChangeReason="FAILED: no rights\nto create")
    assert said_by(aws.ddl(tmp_path)) == (
        "stedi: Athena in eu-central-1, workgroup stedi, failed at: CREATE DATABASE IF NOT EXISTS stedi_raw; "
        "it said: FAILED: no rights to create"
    )
    assert aws.history("stedi") == STATEMENTS[:1]


def test_a_cancelled_statement_is_no_success(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends_with(monkeypatch, State="CANCELLED")
    assert "ended without success, and without a reason" in said_by(aws.ddl(tmp_path))


def test_a_place_where_nobody_answers_is_told(tmp_path: Path) -> None:
    finished = ddl(tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert "did not answer (EndpointConnectionError); check STEDI_REGION" in said_by(finished)
