"""What the store holds below a folder, whether a snapshot refers to it or not.

Here: listing, putting, copying and deleting objects, ending uploads. Not here: which of them a snapshot needs
(`snapshots`), the landing zone's own listing (`landing.zone`).
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from stedi_assets.lakehouse.client import PATIENCE_SECONDS

# S3 takes no more keys in one request.
_BATCH = 1000
_TRIES = 4
_GONE = {"NoSuchKey", "PreconditionFailed"}


class UnreadableObjectError(RuntimeError):
    """The store has an object and cannot return what it holds: its own files are damaged."""

    def __init__(self) -> None:
        super().__init__(
            "the store has an object and cannot return what it holds: bring it again under its name, or restore a copy"
        )


class ObjectsNotDeletedError(RuntimeError):
    """The store refused to delete objects that no snapshot needs."""


@dataclass(frozen=True)
class StoredObject:
    """Its size, and when it was written (epoch ms)."""

    bytes: int
    written_ms: int


def table_objects(s3: Any, location: str) -> frozenset[str]:
    """The URI of every object below the location.

    Keys that end in a slash are left out: PyArrow leaves folder markers, and deleting one is deleting a folder.
    """
    return frozenset(uri for uri in objects_below(s3, location) if not uri.endswith("/"))


def objects_below(s3: Any, folder: str) -> dict[str, int]:
    """Every object below the folder: its size by its URI."""
    return {uri: found.bytes for uri, found in stored_below(s3, folder).items()}


def stored_below(s3: Any, folder: str) -> dict[str, StoredObject]:
    """Every object below the folder by its URI."""
    bucket, prefix = _bucket_and_key(folder)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return {
        f"s3://{bucket}/{entry['Key']}": StoredObject(int(entry["Size"]), _ms(entry["LastModified"]))
        for page in pages
        for entry in page.get("Contents", ())
    }


def delete_objects(s3: Any, location: str, uris: Collection[str]) -> None:
    """Deletes objects below the location. Raises ObjectsNotDeletedError."""
    bucket, _ = _bucket_and_key(location)
    keys = sorted(uri.removeprefix(f"s3://{bucket}/") for uri in uris)
    for start in range(0, len(keys), _BATCH):
        batch = [{"Key": key} for key in keys[start : start + _BATCH]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if refused := answer.get("Errors"):
            raise ObjectsNotDeletedError(
                f"{len(refused)} objects below {location} should have been deleted, and the store says "
                f"{refused[0].get('Code')} of {refused[0].get('Key')} first; mend that and run again"
            )


def delete_folder(s3: Any, folder: str) -> None:
    """Deletes every object below the folder. Raises ObjectsNotDeletedError."""
    delete_objects(s3, folder, objects_below(s3, folder))


def put_object(s3: Any, uri: str, content: bytes) -> None:
    """Writes an object."""
    bucket, key = _bucket_and_key(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=content)


def get_object(s3: Any, uri: str) -> bytes | None:
    """What an object holds; None where there is none."""
    return read_object(s3, *_bucket_and_key(uri))


def read_object(s3: Any, bucket: str, key: str, etag: str | None = None) -> bytes | None:
    """Return what an object holds; None where there is none, or one with another ETag.

    The client repeats a request as long as no answer has begun; one that breaks off is read again here.

    Raises:
        UnreadableObjectError: The store answers 500, or breaks off its answer, each time.
        ClientError, BotoCoreError: The request was refused or not answered.
    """
    from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, ResponseStreamingError

    condition, begun = ({"IfMatch": etag} if etag else {}), time.monotonic()
    for left in reversed(range(_TRIES)):
        try:
            return bytes(s3.get_object(Bucket=bucket, Key=key, **condition)["Body"].read())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return None
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == HTTPStatus.INTERNAL_SERVER_ERROR:
                raise UnreadableObjectError from None
            raise
        except (HTTPClientError, IncompleteReadError) as error:
            if left and time.monotonic() - begun < PATIENCE_SECONDS:
                continue
            if isinstance(error, IncompleteReadError | ResponseStreamingError):
                raise UnreadableObjectError from None
            raise
    raise AssertionError("unreachable: the last try returns or raises")


def copy_object(s3: Any, source: str, target: str) -> None:
    """Has the store copy an object, of any size, from one URI to another."""
    (from_bucket, from_key), (bucket, key) = _bucket_and_key(source), _bucket_and_key(target)
    s3.copy({"Bucket": from_bucket, "Key": from_key}, bucket, key)


def abort_uploads(s3: Any, location: str, begun_before_ms: int | None = None) -> int:
    """Ends uploads that were never completed: a writer that died leaves the parts that it sent, listed nowhere.

    Returns how many. Where others may be at it, `begun_before_ms` leaves theirs alone.
    """
    bucket, prefix = _bucket_and_key(location)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    uploads = [
        upload
        for page in pages
        for upload in page.get("Uploads", ())
        if begun_before_ms is None or _ms(upload["Initiated"]) < begun_before_ms
    ]
    for upload in uploads:
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return len(uploads)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _bucket_and_key(uri: str) -> tuple[str, str]:
    bucket, key = uri.removeprefix("s3://").rstrip("/").split("/", 1)
    return bucket, key
