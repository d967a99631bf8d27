"""Reads one landed object from S3, inside an engine's worker.

Only this.
"""

from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.objects import read_object


class ObjectChangedError(RuntimeError):
    """An object is no longer the one that was listed; nothing is read from it."""


def fetch(bucket: str, key: str, etag: str) -> bytes:
    """Return the object's bytes, if it still is the one with this ETag.

    Raises:
        ObjectChangedError: It is not. The message names no key.
        UnreadableObjectError: The store cannot return what the object holds.
    """
    content = read_object(store_client(), bucket, key, etag)
    if content is None:
        raise ObjectChangedError(
            "a landing object was changed or deleted while it was read; nothing was published: run again"
        )
    return content
