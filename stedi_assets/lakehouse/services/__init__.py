"""The embedded S3 store and Iceberg REST catalog of a home, as one `weed mini` process (SeaweedFS).

Here: the interface. Behind it `lifecycle` finds, starts and stops; `server`, `configuration` and `ports` know
the process; `probe` asks it questions; `shell` gives it orders; `home`, `keys`, `index` and `volumes` keep the files;
`recovery` repairs them before clients get in, `deleted_content` takes deleted content out of them. Not here: the
engine, and anything about tables beyond the bucket that holds them.

What protects the store from other users of the machine:
- every listener is on 127.0.0.1; S3 and the catalog want a signature by keys that only the owner can read;
- all gRPC (master, volume, filer, S3, admin) is mutual TLS with a certificate of the home: nobody else can
  list, read or delete over it, nor obtain the tokens that the volume server asks for;
- master and filer serve no operation over HTTP (`-disableHttp`): `/dir/assign`, `/col/delete`, `/vol/vacuum`
  and the whole file tree are 404; the volume server gives and takes data only with a token.

What stays open to them, because no flag closes it: pages about the server's state. On the master `/`,
`/ui/index.html`, `/cluster/status`, `/cluster/healthz`, `/healthz` and `/readyz`; on the volume server
`/status`, `/healthz` and `/readyz`; on the admin port `/health` and `/metrics`; on S3 `/status`, `/healthz`
and `/readyz`; on the catalog `/v1/config`; on master and filer weed's own icons. They show its version, the
home's path, and the buckets' names, sizes and counts of files; no name of an object or table, and no key.

What is acknowledged survives the death of the process and a power cut: an object's content is synced to the disk
before its name, and its name before the store answers.
"""

from stedi_assets.lakehouse.services.deleted_content import vacuum, vacuum_all
from stedi_assets.lakehouse.services.disk import refuse_little_space
from stedi_assets.lakehouse.services.endpoints import Endpoints, ServicesError
from stedi_assets.lakehouse.services.index import copy_index
from stedi_assets.lakehouse.services.lifecycle import (
    PendingServices,
    ensure_running,
    find,
    look,
    restore_index,
    start,
    stop,
)

__all__ = [
    "Endpoints",
    "PendingServices",
    "ServicesError",
    "copy_index",
    "ensure_running",
    "find",
    "look",
    "refuse_little_space",
    "restore_index",
    "start",
    "stop",
    "vacuum",
    "vacuum_all",
]
