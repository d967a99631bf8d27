"""Inventory of a home: how many tables and landing objects its store held at the end of the last run.

Contains the record, a file of the home outside the store, and the check of the store against it. A store that has lost
its index answers like an empty one, without an error: only the record shows the difference. On AWS there is none: S3
and the Glue Data Catalog have no index that a machine of ours could lose.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.store import Store

FILE = "inventory.json"
_TABLES = "stedi/"  # the tables' namespace, as a folder of the catalog's bucket
# Fewer tables than this share of the recorded ones are a lost index. A single table may have been dropped on purpose.
_LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Inventory:
    """What a store holds: tables in the catalog, objects in the landing zone."""

    tables: int
    objects: int


def read_inventory(home: Path) -> Inventory | None:
    """Return what the last run recorded, None for a home that never held anything, or is of an older version.

    A damaged record counts as one of a home that has published: nothing may be taken for new because of it.
    """
    try:
        content = json.loads((home / FILE).read_bytes())
        return Inventory(int(content["tables"]), int(content["objects"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError):
        return Inventory(tables=1, objects=0)


def record_inventory(home: Path, tables: int, objects: int) -> None:
    """Replace the record as a whole. A store that holds nothing, or has lost its index, is not recorded."""
    before = read_inventory(home)
    if not (tables or objects) or (before and _has_lost_much(before, tables)):
        return
    # An emptied landing zone is no new home: the last number that was not 0 stays.
    content = Inventory(tables, objects or (before.objects if before else 0))
    if content == before:
        return
    # In a folder of its own: a delivery does not wait for a run, and may record at the same time.
    with tempfile.TemporaryDirectory(dir=home, prefix=f".{FILE}.") as folder:
        new = Path(folder) / FILE
        with new.open("w") as file:
            json.dump(asdict(content), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(home / FILE)


def count_tables(store: Store, s3: Any) -> int:
    """Return how many tables the home's catalog has, published or not. One listing; opening the catalog takes longer.

    Raises botocore's errors.
    """
    assert store.services is not None
    bucket = store.services.table_bucket
    try:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=_TABLES, Delimiter="/")
    except s3.exceptions.NoSuchBucket:
        return 0
    return len(listed.get("CommonPrefixes", ()))


def lost_index(home: Path, store: Store) -> str | None:
    """Return the sentence on a store that shows much less than the last run left in it; None for any other store."""
    recorded = read_inventory(home)
    if recorded is None or not recorded.tables:
        return None
    found = count_tables(store, store_client(store.s3_url))
    return sentence_of_lost_index(home, recorded, found) if _has_lost_much(recorded, found) else None


def sentence_of_lost_index(home: Path, recorded: Inventory, found: int) -> str:
    """Return what is expected, what was found and what to do."""
    return (
        f"the store of this home has lost its index: {recorded.tables} tables are expected, as the last run left them, "
        f"and {found} were found. Nothing was changed; restore a backup of the home, or choose another one: --home (if "
        f"the tables were dropped on purpose, delete {home / FILE})"
    )


def _has_lost_much(recorded: Inventory, tables: int) -> bool:
    return tables < recorded.tables * _LEAST_SHARE
