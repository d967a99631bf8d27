"""The process's own client of the store, for what is given no other: engines' workers, PyIceberg.

Only this: to make one takes longer than many requests, so all share it. The credentials are those of the environment
(the standard AWS chain), never of a plan or a property.
"""

from functools import cache
from typing import Any

ATTEMPTS = 5


@cache
def store_client(endpoint: str | None) -> Any:
    """The client of the store at an endpoint, None: AWS's. A process of tests may meet several."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"max_attempts": ATTEMPTS, "mode": "standard"})
    return boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)
