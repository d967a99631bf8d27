"""`make test-pythons`: run the tests that depend most on Python itself with each other supported Python at hand.

Contains the search for interpreters and one environment for each. For the interpreter of `make`, see `make test`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from stedi_assets_tests.support.commands import REPOSITORY

OLDEST, NEWEST = (3, 11), (3, 14)
# What parses, unpacks, hashes and searches text: patch releases of Python differ in `re`, `json` and `float`.
TESTED = (
    "landing",
    "transforms",
    "test_settings.py",
    *(f"privacy/test_{name}.py" for name in ("customer_key", "encodings", "pseudonyms", "suppression", "traces")),
    *(f"erasure/test_{name}.py" for name in ("erasure_data_files", "raw_objects", "rewrite_zone")),
    "faults/test_mutated.py",
    "faults/bad_input/test_files.py",
)


def candidates() -> Iterator[Path]:
    """Yield the programs that may be a supported Python: of PATH, of the system, of pyenv."""
    folders = [*map(Path, os.environ.get("PATH", "").split(os.pathsep)), Path("/usr/bin")]
    folders += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    for folder in folders:
        for minor in range(OLDEST[1], NEWEST[1] + 1):
            yield folder / f"python3.{minor}"


def interpreters(programs: Iterable[Path]) -> dict[str, Path]:
    """Return one program for each version that is at hand and is not this process's own."""
    found = {version: program for program in programs if (version := _version(program))}
    return {version: found[version] for version in sorted(found) if version != _own_version()}


def _own_version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _version(program: Path) -> str:
    """Return its full version; empty for what is no Python."""
    try:
        asked = [str(program), "-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))"]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def run_tests(program: Path, folder: Path) -> int:
    """Install the project into an environment of that Python and run the tests; return their exit status."""
    # Debian's Python has no pip of its own: this environment's installs into the new one.
    subprocess.run([str(program), "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    constraints = ["--constraint", str(REPOSITORY / "constraints.txt")]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *constraints, "--editable", f"{REPOSITORY}[test]"], check=True)
    tests = [str(REPOSITORY / "stedi_assets_tests" / name) for name in TESTED]
    words = ["-m", "pytest", "--numprocesses", "2", "--dist", "loadfile", *tests]
    return subprocess.run([str(python), *words], cwd=REPOSITORY, check=False).returncode


def main() -> int:
    """Return 1 if a test failed with one of them."""
    failed = []
    for version, program in interpreters(candidates()).items():
        print(f"Python {version} ({program})", flush=True)  # noqa: T201
        with tempfile.TemporaryDirectory() as folder:
            if run_tests(program, Path(folder) / "venv"):
                failed.append(version)
    print(f"failed with: {', '.join(failed) or 'none of them'}", flush=True)  # noqa: T201
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
