"""AWS for tests: moto's server for the services that cannot run here, on loopback.

Only that. Where a test uses the home's real S3 as the bucket, moto has the Glue catalog and the secrets beside it.
"""

import io
import logging
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.store import Store

REGION = "us-east-1"
PSEUDONYM_KEY = "a pseudonym key of forty characters or so"
BUCKET = "stedi-on-aws"


@contextmanager
def moto_server() -> Iterator[str]:
    """Moto's server on a free port of loopback: its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with redirect_stderr(io.StringIO()):
        server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        # What moto holds is the process's, not the server's.
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
        yield url
    finally:
        server.stop()


def variables(moto: str, **more: str) -> dict[str, str]:
    """The environment of a user whose AWS is moto, all of it."""
    return {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "of-moto",
        "AWS_SECRET_ACCESS_KEY": "of-moto",
        "STEDI_ENV": "aws",
        "STEDI_BUCKET": BUCKET,
        "STEDI_REGION": REGION,
        "STEDI_PREFIX": "lake",
        **more,
    }


def use_bucket_of(store: Store, moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """This process works with STEDI_ENV=aws on the home's real S3, and moto's Glue and secrets. Returns its prefix."""
    prefix = f"aws-{uuid.uuid4().hex}"
    given = {"STEDI_ENV": "aws", "STEDI_BUCKET": store.bucket, "STEDI_REGION": REGION, "STEDI_PREFIX": prefix}
    services = ("GLUE", "SECRETS_MANAGER")
    for name, value in {**given, **{f"AWS_ENDPOINT_URL_{service}": moto for service in services}}.items():
        monkeypatch.setenv(name, value)
    return prefix


def make_keys(moto: str) -> None:
    """The secrets that the stack makes."""
    client = boto3.client("secretsmanager", endpoint_url=moto, region_name=REGION)
    client.create_secret(Name="stedi/pseudonym-key", SecretString=PSEUDONYM_KEY)
    client.create_secret(Name="stedi/erasure-key", SecretString=f"{PSEUDONYM_KEY}, another one")


def in_glue(contract: Contract) -> dict[str, Any]:
    found: dict[str, Any] = boto3.client("glue").get_table(DatabaseName="stedi", Name=contract.table)["Table"]
    return found
