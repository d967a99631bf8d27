"""What a home's server is told: by flags, by its environment, and by the file of who may use it.

Here: what weed runs with, and why. Not here: which ports (`ports`), and running it (`server`).
"""

import json
import os

from stedi_assets.lakehouse.services.endpoints import TABLE_BUCKET
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.keys import Keys
from stedi_assets.lakehouse.services.ports import Ports

# Without the first it would log to files in /tmp; the second leaves out what is merely of interest.
QUIET = ("-logtostderr=true", "-v=-1")
_FLAGS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-disableHttp=true",
    "-webdav=false",
    "-webdav.port=0",  # else it looks for a free one all the same
    "-admin.ui=false",
    "-s3.port.lance=0",
    "-s3.iam=false",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=128",
    "-volume.preStopSeconds=0",
    # In the working folder, which is the store: a whole path may be too long for a socket (107 bytes), and
    # the default is in /tmp, where another user can be first.
    "-filer.localSocket=.filer.sock",
    "-s3.localSocket=.s3.sock",
)
# Without S3 and the catalog: no client can connect.
ISOLATED = "-s3=false"
_GRPC_PARTS = ("MASTER", "VOLUME", "FILER", "S3", "ADMIN", "WORKER", "CLIENT")


def command(home: Home, weed: str, ports: Ports) -> list[str]:
    """The server's command line; no secret is in it, as every user of the machine can read it."""
    listening = [f"-{flag}={port}" for flag, port in ports.items()]
    return [weed, *QUIET, "mini", store_flag(home), f"-s3.config={home.identities}", *_FLAGS, *listening]


def store_flag(home: Home) -> str:
    """The flag by which the server of this home is told from all others."""
    return f"-dir={home.store}"


def environment(home: Home, keys: Keys) -> dict[str, str]:
    """All that the server inherits: none of the user's settings for AWS or SeaweedFS may reach it."""
    return {
        "PATH": os.defpath,
        "HOME": str(home.store),  # else it would read ~/.seaweedfs
        "GOMEMLIMIT": "512MiB",
        "S3_TABLE_BUCKET": TABLE_BUCKET,  # the catalog of requests that name none
        "STEDI_ACCESS_KEY": keys.access_key,
        "STEDI_SECRET_KEY": keys.secret_key,
        **keys.jwt,
        **grpc_environment(home, *_GRPC_PARTS),
    }


def grpc_environment(home: Home, *parts: str) -> dict[str, str]:
    """The variables by which parts of weed know each other: one certificate, which is its own authority."""
    names = [f"WEED_GRPC_{part}_{kind}" for part in parts for kind in ("CERT", "KEY")]
    return dict.fromkeys(["WEED_GRPC_CA", *names], str(home.certificate))


def identities() -> str:
    """Who may use S3 and the catalog. Given by AWS_ACCESS_KEY_ID instead, weed writes the key to its log."""
    return json.dumps(
        {
            "identities": [
                {
                    "name": "stedi",
                    # The account for which weed makes its table buckets; another one's it would not serve.
                    "account": {"id": "000000000000", "displayName": "stedi"},
                    "credentials": [{"accessKey": "${STEDI_ACCESS_KEY}", "secretKey": "${STEDI_SECRET_KEY}"}],
                    "actions": ["Admin"],
                }
            ]
        }
    )
