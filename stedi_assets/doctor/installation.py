"""Python, the package, and the packages that it pins: what is installed of them, by their own metadata.

Only looking them up: nothing is imported, so that a damaged package does not keep the others from being told.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from stedi_assets.doctor.finding import Finding

PACKAGE = "stedi-lakehouse"
LEAST_PYTHON = (3, 11)
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)\s*(;.*extra.*)?")
_INSTALL = "install the package anew: make run does it, or pip install with its folder"


def findings() -> Iterator[Finding]:
    """Python, the package, each package of another version than it is pinned to; all others in one line."""
    version = ".".join(map(str, sys.version_info[:3]))
    least = ".".join(map(str, LEAST_PYTHON))
    if sys.version_info[:2] < LEAST_PYTHON:
        yield Finding("Python", "wrong", f"{version} at {sys.executable}", f"use Python {least} or newer")
    else:
        yield Finding("Python", "ok", f"{version} at {sys.executable}")
    try:
        installed = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        yield Finding(PACKAGE, "missing", "runs from a folder, not as an installed package", _INSTALL)
        return
    yield Finding(PACKAGE, "ok", installed)
    yield from _of_the_pinned()


def _of_the_pinned() -> Iterator[Finding]:
    pins = _pins()
    for name, pinned in pins.items():
        found = _version(name)
        if found is None:
            yield Finding(name, "missing", f"none; {pinned} is expected", _INSTALL)
        elif found != pinned:
            yield Finding(name, "wrong", f"{found}; {pinned} is expected", _INSTALL)
    as_pinned = sum(_version(name) == pinned for name, pinned in pins.items())
    yield Finding("its packages", "ok", f"{as_pinned} of {len(pins)} as they are pinned")


def _pins() -> dict[str, str]:
    """Version by name; those of an extra, as the tests have, are not needed here."""
    found = map(_PIN.fullmatch, metadata.requires(PACKAGE) or ())
    return {pin[1]: pin[2] for pin in found if pin is not None and pin[3] is None}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
