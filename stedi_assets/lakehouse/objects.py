"""What the store holds below a folder, whether a snapshot refers to it or not.

Here: listing, putting, copying and deleting objects, ending uploads. Not here: which of them a snapshot needs
(`erasure.snapshots`), the landing zone's own listing (`landing.zone`).
"""

from collections.abc import Collection
from typing import Any

# S3 takes no more keys in one request.
_BATCH = 1000


class ObjectsNotDeletedError(RuntimeError):
    """The store refused to delete objects that no snapshot needs."""


def table_objects(s3: Any, location: str) -> frozenset[str]:
    """The URI of every object below the location.

    Keys that end in a slash are left out: PyArrow leaves folder markers, and deleting one is deleting a folder.
    """
    return frozenset(uri for uri in objects_below(s3, location) if not uri.endswith("/"))


def objects_below(s3: Any, folder: str) -> dict[str, int]:
    """Every object below the folder: its size by its URI."""
    bucket, prefix = _bucket_and_key(folder)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return {f"s3://{bucket}/{entry['Key']}": int(entry["Size"]) for page in pages for entry in page.get("Contents", ())}


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
    bucket, key = _bucket_and_key(uri)
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None


def copy_object(s3: Any, source: str, target: str) -> None:
    """Has the store copy an object, of any size, from one URI to another."""
    (from_bucket, from_key), (bucket, key) = _bucket_and_key(source), _bucket_and_key(target)
    s3.copy({"Bucket": from_bucket, "Key": from_key}, bucket, key)


def abort_uploads(s3: Any, location: str) -> None:
    """Ends uploads that were never completed: a writer that died leaves the parts that it sent, listed nowhere."""
    bucket, prefix = _bucket_and_key(location)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    for upload in [upload for page in pages for upload in page.get("Uploads", ())]:
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _bucket_and_key(uri: str) -> tuple[str, str]:
    bucket, key = uri.removeprefix("s3://").rstrip("/").split("/", 1)
    return bucket, key
