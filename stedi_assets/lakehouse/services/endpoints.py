"""What callers see of the services: where they answer, and how they fail. Nothing that acts."""

from dataclasses import dataclass, field

REGION = "us-east-1"
BUCKET = "stedi"
TABLE_BUCKET = "lake"


class ServicesError(RuntimeError):
    """The services cannot be used: one sentence on what was expected, what was found, and what to do."""


@dataclass(frozen=True)
class Endpoints:
    """The running services of one home.

    s3_url, catalog_url: `http://127.0.0.1:PORT`; the catalog (Iceberg REST) is signed for under `s3tables`.
    access_key, secret_key: for both.
    pid: the server's process.
    bucket: an ordinary bucket, it holds the landing zone.
    table_bucket: the catalog's; its warehouse is `s3://` and this name.
    """

    s3_url: str
    catalog_url: str
    access_key: str
    secret_key: str = field(repr=False)
    pid: int
    region: str = REGION
    bucket: str = BUCKET
    table_bucket: str = TABLE_BUCKET
