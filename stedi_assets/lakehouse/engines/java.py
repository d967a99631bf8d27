"""The Java that Apache Spark runs on. Only finding it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from stedi_assets.lakehouse.engines.errors import EngineError

LEAST_VERSION = 17


def java_home() -> Path:
    """The home of a Java of 17 or newer. Raises EngineError."""
    return find_java()[0]


def find_java() -> tuple[Path, int]:
    """The home and the version of a Java of 17 or newer, by JAVA_HOME, else by PATH. Raises EngineError."""
    given = os.environ.get("JAVA_HOME")
    java = Path(given) / "bin" / "java" if given else Path(shutil.which("java") or "java")
    wanted = f"Apache Spark (STEDI_ENGINE=spark) needs Java {LEAST_VERSION} or newer, by JAVA_HOME or on PATH"
    remedy = "install one (Debian: openjdk-17-jre-headless), or use the embedded engine, which needs none"
    try:
        told = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        where = f"none at {java}" if given else "none"
        raise EngineError(f"{wanted}; found {where}: {remedy}") from None
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    if version is None or int(version.group(1)) < LEAST_VERSION:
        found = f"Java {version.group(1)}" if version else "something else"
        raise EngineError(f"{wanted}; found {found} at {java}: {remedy}")
    return java.resolve().parent.parent, int(version.group(1))
