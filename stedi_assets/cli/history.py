"""`stedi history TABLE`: the versions of a table that are kept, from the catalog alone.

Here: the list for people and as JSON, which is an interface: names change only on purpose.
"""

import json
from pathlib import Path
from typing import Any

from stedi_assets.cli.errors import refuse_without_folder
from stedi_assets.cli.tables import checks, checks_as_json, size
from stedi_assets.cli.terminal import print_table
from stedi_assets.contracts import contract_of
from stedi_assets.insight.aggregates import moment
from stedi_assets.lakehouse.catalog import open_catalog, published_table
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.publication import ERASURE, RUN_ID, UPKEEP
from stedi_assets.lakehouse.versions import Version, versions_of
from stedi_assets.policy import CONSENT, SERIALS
from stedi_assets.settings import Settings

_COLUMNS = ["snapshot", "made (UTC)", "rows", "size", "made by", "consent", "serials", "checks", "state"]


def list_versions(name: str, json_file: Path | None) -> None:
    """Prints the list, and writes it to the file. Raises UsageError, NeverPublishedError."""
    refuse_without_folder(json_file)
    contract = contract_of(name)
    versions = versions_of(published_table(open_catalog(connect(Settings.load())), contract))
    if json_file is not None:
        content = {"table": name, "versions": [_as_json(name, version) for version in versions]}
        json_file.write_text(json.dumps(content, indent=2) + "\n")
    rows = [
        [
            str(version.snapshot_id),
            moment(version.made_ms),
            f"{version.rows:,}",
            size(version.bytes),
            _made_by(version),
            version.summary.get(CONSENT, ""),
            version.summary.get(SERIALS, ""),
            checks(name, version),
            _state(version),
        ]
        for version in versions
    ]
    print_table(_COLUMNS, rows, right=(2, 3))


def _made_by(version: Version) -> str:
    run = version.summary.get(RUN_ID, "")[:8]  # as Dagster's UI shortens it
    what = {"upkeep": version.summary.get(UPKEEP, ""), "erasure": version.summary.get(ERASURE, "")}
    return " ".join(part for part in (version.made_by, what.get(version.made_by, ""), run) if part)


def _state(version: Version) -> str:
    current = "current" if version.is_current else ""
    rolled_back = f"rolled back to {moment(version.rolled_back_ms)}" if version.rolled_back_ms else ""
    pins = f"pinned by {', '.join(version.pins)}" if version.pins else ""
    return ", ".join(part for part in (current, rolled_back, pins) if part)


def _as_json(table: str, version: Version) -> dict[str, Any]:
    return {
        "snapshot_id": version.snapshot_id,
        "made_ms": version.made_ms,
        "rows": version.rows,
        "bytes": version.bytes,
        "files": version.files,
        "made_by": version.made_by,
        "run_id": version.summary.get(RUN_ID),
        "consent": version.summary.get(CONSENT),
        "serials": version.summary.get(SERIALS),
        "checks": checks_as_json(table, version),
        "current": version.is_current,
        "rolled_back_ms": version.rolled_back_ms,
        "pins": list(version.pins),
    }
