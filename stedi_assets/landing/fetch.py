"""Reads one landed object from S3, inside an engine's worker.

Only this. The credentials are those of the worker's environment (the standard AWS chain), never of the plan.
"""

import os
from functools import cache
from typing import Any

ATTEMPTS = 5


class ObjectChangedError(RuntimeError):
    """An object is no longer the one that was listed; nothing is read from it."""


@cache
def _client(_endpoint: str | None) -> Any:
    """One client for each process and store: a process of tests may meet several."""
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client("s3", config=Config(retries={"max_attempts": ATTEMPTS, "mode": "standard"}))


def fetch(bucket: str, key: str, etag: str) -> bytes:
    """The object's bytes, if it still is the one with this ETag. Raises ObjectChangedError, which names no key.

    botocore repeats a request that was refused or lost; an answer that breaks off half-way is repeated here.
    """
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    client = _client(os.environ.get("AWS_ENDPOINT_URL"))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return bytes(client.get_object(Bucket=bucket, Key=key, IfMatch=etag)["Body"].read())
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "NoSuchKey"}:
                raise ObjectChangedError(
                    "a landing object was changed or deleted while it was read; nothing was published: run again"
                ) from None
            raise
        except (HTTPClientError, IncompleteReadError):
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")
