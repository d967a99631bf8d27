"""Where objects and tables lie: in the home's own store, or in a bucket on AWS.

Here: what the rest has to know of it, whichever it is. Not here: how it is reached (`connection`), the home's servers
(`services`), the catalog's client (`catalog`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a job on AWS has a store, and none of what starts services
    from stedi_assets.lakehouse.services import Endpoints

LANDING_FOLDER, STAGING_FOLDER, TABLES_FOLDER, PIPES_FOLDER = "landing", "staging", "tables", "pipes"
MANIFESTS_FOLDER = "manifests"


@dataclass(frozen=True)
class Store:
    """One store, and the catalog beside it.

    bucket, prefix: where objects lie that are no tables; an empty prefix is the whole bucket.
    s3_url: where S3 answers; None: where AWS says.
    services: the home's own servers, on this machine; None on AWS, where the Glue Data Catalog has the tables.
    """

    bucket: str
    region: str
    prefix: str = ""
    s3_url: str | None = None
    services: "Endpoints | None" = None

    @classmethod
    def of_home(cls, services: "Endpoints") -> "Store":
        """The store of a home, whose services run."""
        return cls(services.bucket, services.region, s3_url=services.s3_url, services=services)

    @property
    def is_aws(self) -> bool:
        return self.services is None

    def key(self, name: str) -> str:
        """The key of an object of the lakehouse's own."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def uri(self, name: str) -> str:
        """The URI of such an object or folder."""
        return f"s3://{self.bucket}/{self.key(name)}"
