"""`stedi tables`: what there is, by the catalog, the manifests and a listing: no engine, no Dagster.

Here: the list for people and as JSON, and the words that `history` shares with it. The JSON is an interface: names
change only on purpose.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.audits import verdicts_of
from stedi_assets.cli.errors import refuse_without_folder
from stedi_assets.cli.terminal import print_table
from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.catalog import find_table, open_catalog
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.damage import damage_of
from stedi_assets.lakehouse.publication import ERASURE
from stedi_assets.lakehouse.versions import Version, versions_of
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.table import Table

_COLUMNS = ["table", "rows", "snapshot", "age", "checks", "size", "files"]
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def list_tables(json_file: Path | None) -> None:
    """Prints the list, and writes it to the file. Raises DamagedTableError for the first that has lost an object."""
    refuse_without_folder(json_file)
    catalog = open_catalog(connect(Settings.load()))
    tables = {contract.table: find_table(catalog, contract) for contract in CONTRACTS}
    current = {name: _current(table) for name, table in tables.items()}
    if json_file is not None:
        content = {"tables": {table: version and _as_json(table, version) for table, version in current.items()}}
        json_file.write_text(json.dumps(content, indent=2) + "\n")
    now_ms = int(time.time() * 1000)
    rows = [
        [
            table,
            f"{version.rows:,}",
            str(version.snapshot_id),
            age(now_ms - version.made_ms),
            checks(table, version),
            size(version.bytes),
            f"{version.files:,}",
        ]
        if version
        else [table, "", "never published", "", "", "", ""]
        for table, version in current.items()
    ]
    print_table(_COLUMNS, rows, right=(1, 3, 5, 6))
    for table in tables.values():
        if table is not None and (damage := damage_of(table)):
            raise damage


def age(ms: int) -> str:
    """In the largest unit that there is one of: 3 min, 2 d."""
    seconds = max(ms // 1000, 0)
    length, unit = next(((length, unit) for length, unit in _UNITS if seconds >= length), (1, "s"))
    return f"{seconds // length:,} {unit}"


def size(count: int) -> str:
    """Bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


def checks(table: str, version: Version) -> str:
    """How many of the checks that let it pass it passed, and the names of the others, which are warnings."""
    verdicts = verdicts_of(table, version.summary)
    if not verdicts:
        return "erased since" if ERASURE in version.summary else "not kept"
    failed = [verdict.check for verdict in verdicts if not verdict.passed]
    return f"{len(verdicts) - len(failed)} of {len(verdicts)}" + (f" ({', '.join(failed)})" if failed else "")


def checks_as_json(table: str, version: Version) -> list[dict[str, Any]]:
    """The verdicts that are kept."""
    kept = ("check", "severity", "passed", "expected", "actual")
    return [{name: getattr(verdict, name) for name in kept} for verdict in verdicts_of(table, version.summary)]


def _current(table: "Table | None") -> Version | None:
    return next((version for version in versions_of(table) if version.is_current), None) if table else None


def _as_json(table: str, version: Version) -> Mapping[str, Any]:
    return {
        "rows": version.rows,
        "snapshot_id": version.snapshot_id,
        "made_ms": version.made_ms,
        "bytes": version.bytes,
        "files": version.files,
        "checks": checks_as_json(table, version),
        "erased_since": ERASURE in version.summary,
    }
