"""Versions: what a table's rows follow from, as one short text. Where it is the same, the rows are.

Here: what goes into a version. Not here: rows, and what is done where a version is the one that is published
(`table`, `landing`). A version is kept with its snapshot and is the asset's data version in Dagster.

The code is part of it: a rule that was changed makes every table anew.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# What rows follow from, and what judges them.
_RULES = ("audits", "building", "contracts", "landing", "transforms") + tuple(
    f"erasure/{name}.py" for name in ("encodings", "fields", "serials", "suppression", "traces")
)
_LENGTH = 32


def digest(facts: Mapping[str, object]) -> str:
    """Stands for these facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:_LENGTH]


@cache
def code_version() -> str:
    """Stands for the product's rules as they are written."""
    package = Path(__file__).resolve().parent.parent
    files = [
        file
        for name in _RULES
        for file in sorted((package / name).rglob("*.py") if (package / name).is_dir() else [package / name])
    ]
    found = hashlib.sha256()
    for file in files:
        found.update(f"{file.relative_to(package).as_posix()}\n".encode() + file.read_bytes())
    return found.hexdigest()[:_LENGTH]
