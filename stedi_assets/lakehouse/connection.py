"""Connects this process to its store and catalog: the home's own, or those on AWS.

Here: bringing the home's services up, or looking whether the bucket on AWS answers, and telling the libraries of this
process (boto3, PyIceberg, the engine) where to go, by the environment variables that each of them reads. Not here:
starting and stopping the services themselves (`services`), the engine (`engine`), tables (`tables`).

On AWS credentials are those of the standard chain, found by each library for itself: none is read or kept here.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stedi_assets.lakehouse.client import given_endpoint
from stedi_assets.lakehouse.inventory import lost_index
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import AWS, Settings

if TYPE_CHECKING:
    from stedi_assets.lakehouse.services import PendingServices

# A profile or a session token of the user's own AWS account would be sent to the embedded store and be refused.
_FOREIGN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ENDPOINT_URL_S3",
)
_CALLS_REFUSED = {"403": "refuses these credentials", "404": "does not exist", "301": "is in another region"}


class StoreError(RuntimeError):
    """A bucket that cannot be used: what was expected, what was found, what to do."""


@dataclass(frozen=True)
class PendingStore:
    """A store that was asked for and may not answer yet."""

    settings: Settings
    services: "PendingServices | None"

    def wait(self) -> Store:
        """The store, ready; from now on the libraries of this process find it.

        Raises ServicesError, and StoreError for a bucket that does not answer, or a home's store without its index.
        """
        if self.services is not None:
            found = _export_home(Store.of_home(self.services.wait()))
            if fault := lost_index(self.settings.home, found):
                raise StoreError(fault)
            return found
        store = _export_aws(self.settings)
        _refuse_unusable(store)
        return store


def start(settings: Settings) -> PendingStore:
    """Starts what has to run for the store, and returns at once: import in the meantime, then wait."""
    if settings.env == AWS:
        return PendingStore(settings, None)
    from stedi_assets.lakehouse import services

    return PendingStore(settings, services.start(settings.home))


def connect(settings: Settings) -> Store:
    """The store of these settings. Raises ServicesError, StoreError."""
    return start(settings).wait()


def connect_running(settings: Settings) -> Store | None:
    """The same without starting anything, and without looking for the index: None for a home whose services do not
    run, or do not answer."""
    if settings.env == AWS:
        return connect(settings)
    from stedi_assets.lakehouse import services

    found = services.find(settings.home)
    return None if found is None else _export_home(Store.of_home(found))


def _export_home(store: Store) -> Store:
    """Boto3, PyIceberg and the engine find the home's store, and sign their requests with its keys."""
    assert store.services is not None
    for name in _FOREIGN_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(
        AWS_ACCESS_KEY_ID=store.services.access_key,
        AWS_SECRET_ACCESS_KEY=store.services.secret_key,
        AWS_ENDPOINT_URL=store.services.s3_url,  # boto3's name for it
        AWS_EC2_METADATA_DISABLED="true",
        **_region(store.region),
        **_repeats(),
        **_engine_endpoint(store.services.s3_url),
    )
    return store


def _export_aws(settings: Settings) -> Store:
    """The same for AWS. An endpoint of the user's own (a private one, say) is one of the chain's variables."""
    given = given_endpoint()
    os.environ.update({**_region(settings.region), **_repeats(), **(_engine_endpoint(given) if given else {})})
    return Store(settings.bucket, settings.region, settings.prefix, s3_url=given)


def _region(name: str) -> dict[str, str]:
    return {"AWS_REGION": name, "AWS_DEFAULT_REGION": name}


def _repeats() -> dict[str, str]:
    """How often boto3's clients repeat a request that was refused or lost. By itself it has the mode of old."""
    wanted = {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "4"}
    return {name: os.environ.get(name) or value for name, value in wanted.items()}


def _engine_endpoint(url: str) -> dict[str, str]:
    """The embedded engine's own names for where S3 is."""
    return {
        "AWS_ENDPOINT": url,
        "AWS_ALLOW_HTTP": str(url.startswith("http:")).lower(),
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }


def _refuse_unusable(store: Store) -> None:
    """Raises StoreError where the bucket does not answer: before anything is begun."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    wanted = f"the bucket {store.bucket} in {store.region} is expected to answer"
    remedy = "see STEDI_BUCKET, STEDI_REGION, and the credentials that `aws sts get-caller-identity` shows"
    client: Any = boto3.client("s3", config=Config(connect_timeout=10, read_timeout=20, retries={"max_attempts": 3}))
    try:
        client.head_bucket(Bucket=store.bucket)
    except NoCredentialsError:
        raise StoreError(
            f"{wanted}; no AWS credentials were found: sign in (aws sso login), or set AWS_PROFILE or a role's keys"
        ) from None
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        raise StoreError(f"{wanted}; it {_CALLS_REFUSED.get(code, f'answers {code}')}: {remedy}") from None
    except BotoCoreError as error:
        raise StoreError(f"{wanted}; it did not ({type(error).__name__}): {remedy}, and the network") from None
