"""Messages of AWS's own services: Secrets Manager (moto), Athena and Glue, which only answer here."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError
from dagster import Failure
from dagster_aws.athena import AthenaClientResource
from dagster_aws.athena.resources import AthenaError, AthenaTimeout

from stedi_assets.assets.by_glue import publish_by_job
from stedi_assets.keys import SecretKeys
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.support.aws import REGION, moto_server
from stedi_assets_tests.support.commands import free_port

_HERE: dict[str, Any] = {"STEDI_ENV": "aws", "STEDI_BUCKET": "stedi", "STEDI_REGION": REGION}


def _secret(url: str, given: Given) -> str:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        given.patch.setenv(name, "of-moto")
    given.patch.setenv("AWS_MAX_ATTEMPTS", "1")
    client: Any = boto3.client("secretsmanager", endpoint_url=url, region_name=REGION)
    return sentence(SecretKeys("stedi/pseudonym-key", "stedi/erasure-key", client).erasure)


def _no_secret(given: Given) -> str:
    with moto_server() as url:
        return _secret(url, given)


def _athena(error: Exception) -> Provoke:
    """Its client ends every statement with this error."""

    def end(_statement: str) -> None:
        raise error

    def provoke(given: Given) -> str:
        client: Callable[..., Any] = lambda _self: type("Client", (), {"execute_query": staticmethod(end)})  # noqa: E731
        given.patch.setattr(AthenaClientResource, "get_client", client)
        return given.said("athena", "ddl", **_HERE)

    return provoke


def _built_by_no_job(_given: Given) -> str:
    nobody: Any = None
    try:
        next(publish_by_job(nobody, nobody, "customers"))
    except Failure as failure:
        return str(failure.description)
    raise AssertionError("a job was found")


_REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no rights"}}, "StartQueryExecution")
MESSAGES: dict[str, Provoke] = {
    "the secret … is expected in Secrets Manager, and there is none: create the stack (docs/aws.md), …": _no_secret,
    "the secret … cannot be used (…); a role that may use it is expected (docs/aws.md)": lambda g: _secret(
        f"http://127.0.0.1:{free_port()}", g
    ),
    "Athena in …, workgroup …, did not finish within … s: …; see its query history": _athena(AthenaTimeout("")),
    "Athena in …, workgroup …, failed at: …; it said: …": _athena(AthenaError("no rights")),
    "Athena in …, workgroup …, ended without success, and without a reason, at: …; was it cancelled? run again": (
        _athena(KeyError("StateChangeReason"))
    ),
    "Athena in …, workgroup …, refused …; …": _athena(_REFUSED),
    "no Glue job builds …; use another engine for it": _built_by_no_job,
    "STEDI_ENGINE is 'glue', which computes on AWS alone: STEDI_ENV=aws is expected with it": lambda g: g.said(
        "tables", STEDI_ENGINE="glue"
    ),
}
