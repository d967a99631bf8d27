"""Reads one landed object from S3, inside an engine's worker.

Only this. The credentials are those of the worker's environment (the standard AWS chain), never of the plan.
"""

from functools import cache
from typing import Any

ATTEMPTS = 5


class ObjectChangedError(RuntimeError):
    """An object is no longer the one that was listed; nothing is read from it."""


@cache
def _client() -> Any:
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client("s3", config=Config(retries={"max_attempts": ATTEMPTS, "mode": "standard"}))


def fetch(bucket: str, key: str, etag: str) -> bytes:
    """The object's bytes, if it still is the one with this ETag. Raises ObjectChangedError."""
    client = _client()
    try:
        return bytes(client.get_object(Bucket=bucket, Key=key, IfMatch=etag)["Body"].read())
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in {"PreconditionFailed", "NoSuchKey"}:
            raise ObjectChangedError(
                f"landing object {key!r} was changed or deleted while it was read; nothing was published: run again"
            ) from None
        raise
