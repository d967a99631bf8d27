"""Reads one landed object from S3, inside an engine's worker.

Only this.
"""

from stedi_assets.lakehouse.client import ATTEMPTS, store_client


class ObjectChangedError(RuntimeError):
    """An object is no longer the one that was listed; nothing is read from it."""


def fetch(bucket: str, key: str, etag: str) -> bytes:
    """The object's bytes, if it still is the one with this ETag. Raises ObjectChangedError, which names no key.

    botocore repeats a request that was refused or lost; an answer that breaks off half-way is repeated here.
    """
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    client = store_client()
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
