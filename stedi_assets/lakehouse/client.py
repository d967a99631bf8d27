"""The process's own client of the store, for what is given no other: engines' workers, PyIceberg.

Only this: to make one takes longer than many requests, so all share it. The credentials are those of the environment
(the standard AWS chain), never of a plan or a property.
"""

import os
import time
from functools import cache
from http import HTTPStatus
from typing import Any

ATTEMPTS = 5
CONNECT_SECONDS, READ_SECONDS = 5, 30  # for the next bytes of an answer, not for all of it
# SeaweedFS 4.48 looks for a damaged piece of an object for 16 s before it answers 500: to ask five times takes 80 s.
PATIENCE_SECONDS = 10
_BEGUN = "stedi-begun"
_MOST_CONNECTIONS = 32  # as many threads as PyIceberg reads manifests in


def store_client(endpoint: str | None = None) -> Any:
    """The client of the store at an endpoint; None: where the environment says, or AWS."""
    return _client(endpoint or given_endpoint(), os.environ.get("AWS_ACCESS_KEY_ID"))


def given_endpoint() -> str | None:
    """Where the environment says that S3 answers, as boto3 reads it; None: where AWS says."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


@cache  # a process of tests may meet several stores, at one address too
def _client(endpoint: str | None, _access_key: str | None) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"max_attempts": ATTEMPTS, "mode": "standard"},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=_MOST_CONNECTIONS,
    )
    client = boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)
    client.meta.events.register_first("before-call.s3.GetObject", _note_begin)
    client.meta.events.register_first("needs-retry.s3.GetObject", _believe_late_failure)
    return client


def _note_begin(params: Any, **_: Any) -> None:
    params["context"][_BEGUN] = time.monotonic()


def _believe_late_failure(response: Any, operation: Any, request_dict: Any, **_: Any) -> None:
    """Raise the error of a read that the store has tried for long, instead of having botocore repeat it."""
    from botocore.exceptions import ClientError

    waited = time.monotonic() - request_dict["context"].get(_BEGUN, time.monotonic())
    if (
        response is not None
        and response[0].status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        and waited > PATIENCE_SECONDS
    ):
        raise ClientError(response[1], operation.name)
