"""Erasures whose rows are gone while the files of the store may still hold their content.

Each has its receipt in a file of the home until the content is gone. The next erasure, run or upkeep completes it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from stedi_assets.erasure.receipt import RECEIPTS, Receipt, write_receipt
from stedi_assets.erasure.registry import WITHDRAWN, NoSuchRequestError, Registry

_OPEN, _UNFINISHED = ".open.json", ".unfinished.json"


def hold_open(home: Path, receipt: Receipt) -> None:
    """Keep the receipt of an erasure of which only the files of the store are left."""
    write_receipt(_folder(home) / f"{receipt.request}{_OPEN}", receipt.as_json())


def open_erasures(home: Path) -> list[str]:
    """Return the ids of the requests that are not completed: begun and cut off, or held open."""
    files = [file for suffix in (_OPEN, _UNFINISHED) for file in _folder(home).glob(f"*{suffix}")]
    return sorted({file.name.partition(".")[0] for file in files})


def complete_open_erasures(home: Path, registry: Registry, clean_store: Callable[[], None]) -> None:
    """Clean the files of the store where erasures wait for it, then complete these.

    Raises:
        ServicesError: The files still hold deleted content; the erasures stay open.
    """
    if not any(_folder(home).glob(f"*{_OPEN}")):
        return
    clean_store()
    for file in _folder(home).glob(f"*{_OPEN}"):
        _complete(file, registry)


def _complete(file: Path, registry: Registry) -> None:
    receipt: dict[str, Any] = json.loads(file.read_text())
    request = receipt["request"]
    receipt["finished"] = int(time.time() * 1000)
    if request != WITHDRAWN:
        try:
            listed = registry.request(request)
        except NoSuchRequestError:
            return  # an older list was restored: the erasure is not completed, and the file is what is left of it
        registry.save(replace(listed, completed_ms=receipt["finished"]))
    completed = file.with_name(f"{request}.json")
    if receipt["customers"] or not completed.exists():  # a receipt of nothing replaces no other
        write_receipt(completed, receipt)
    file.with_name(f"{request}{_UNFINISHED}").unlink(missing_ok=True)
    file.unlink()


def _folder(home: Path) -> Path:
    return home / RECEIPTS
