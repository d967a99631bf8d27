"""Connects this process to the store and the catalog of its home.

Here: bringing the embedded services up and telling the libraries of this process (boto3, PyIceberg, the engine)
where they are, by the environment variables that each of them reads. Not here: starting and stopping the services
themselves (`services`), the engine (`engine`), tables (`tables`).
"""

import os

from stedi_assets.lakehouse.services import Endpoints, ensure_running
from stedi_assets.settings import Settings

# A profile or a session token of the user's own AWS account would be sent to the embedded store and be refused.
_FOREIGN_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def connect(settings: Settings) -> Endpoints:
    """The running services of the home, started if need be. Raises ServicesError."""
    endpoints = ensure_running(settings.home)
    export(endpoints)
    return endpoints


def export(endpoints: Endpoints) -> None:
    """Sets the environment by which boto3, PyIceberg and the engine find the store and sign their requests."""
    for name in _FOREIGN_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(
        AWS_ACCESS_KEY_ID=endpoints.access_key,
        AWS_SECRET_ACCESS_KEY=endpoints.secret_key,
        AWS_REGION=endpoints.region,
        AWS_DEFAULT_REGION=endpoints.region,
        AWS_ENDPOINT_URL=endpoints.s3_url,  # boto3's name for it
        AWS_ENDPOINT=endpoints.s3_url,  # the embedded engine's
        AWS_ALLOW_HTTP="true",
        AWS_VIRTUAL_HOSTED_STYLE_REQUEST="false",
        AWS_EC2_METADATA_DISABLED="true",
    )
