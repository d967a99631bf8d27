"""`make audit`: whether what is pinned fits together, was withdrawn by its makers, or has known vulnerabilities.

Here: the three questions, and that what could not be asked is said, never taken for a good answer. Not here: the pins
(setup.py, constraints.txt), and whether they agree (`test_dependencies`).
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
CONSTRAINTS = REPOSITORY / "constraints.txt"
# A known vulnerability that does not concern the product, by its id: the reason.
ACCEPTED: dict[str, str] = {}
_SECONDS = 180


class Answer(NamedTuple):
    """What one question found: `faults` fail the build, `unasked` is why it has no, or no whole, answer."""

    question: str
    faults: list[str]
    unasked: str = ""


def _ask(*words: str) -> subprocess.CompletedProcess[str] | None:
    """A module of this Python, run to its end; None for one that does not come to it."""
    try:
        return subprocess.run(
            [sys.executable, "-m", *words], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return None


def fitting() -> Answer:
    """Whether every installed package has what it asks for. Needs no network."""
    done = _ask("pip", "check")
    assert done is not None, "pip check reads files alone"
    return Answer("fits together", done.stdout.splitlines() if done.returncode else [])


def withdrawn(pins: Path = CONSTRAINTS) -> Answer:
    """Which pinned versions their makers have yanked, or the index has no more. Nothing is fetched or installed."""
    words = ("--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-", "--requirement", str(pins))
    done = _ask("pip", "install", *words)
    return of_index(done.returncode if done else None, done.stdout if done else "", done.stderr if done else "")


def of_index(status: int | None, report: str, said: str) -> Answer:
    """What pip's report of the pins tells; one that it could not find is a fault, an index out of reach is none."""
    question = "withdrawn by its makers"
    if status == 0:
        installs = json.loads(report)["install"]
        yanked = [found["metadata"] for found in installs if found["is_yanked"]]
        return Answer(question, [f"{found['name']} {found['version']} was yanked" for found in yanked])
    # An index that does not answer has no versions of anything: pip says "from versions: none".
    missing = [line for line in said.splitlines() if "No matching distribution" in line]
    is_reached = "from versions:" in said and "from versions: none" not in said
    if missing and is_reached:
        return Answer(question, missing)
    return Answer(question, [], "the package index did not answer")


def vulnerable(pins: Path = CONSTRAINTS) -> Answer:
    """Which pinned versions have a known vulnerability, of what the service that pip-audit asks can tell."""
    words = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off", "--requirement", str(pins))
    done = _ask("pip_audit", *words)
    return of_service(done.stdout if done else "")


def of_service(report: str) -> Answer:
    """What pip-audit's report tells. It counts a package that it got no answer for as skipped, and then as sound."""
    question = "known vulnerabilities"
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, TypeError, KeyError):
        return Answer(question, [], "the service did not answer")
    faults = [
        f"{package['name']} {package['version']}: {known['id']} ({', '.join(known['fix_versions']) or 'no fix yet'})"
        for package in packages
        for known in package.get("vulns", ())
        if not {known["id"], *known.get("aliases", ())} & set(ACCEPTED)
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    unasked = f"the service knows nothing of {len(skipped)} of {len(packages)} packages" if skipped else ""
    return Answer(question, faults, unasked)


def tell(answers: list[Answer], say: Callable[[str], None]) -> int:
    """Says each answer in a line or more: the exit status, 1 where anything was found."""
    for answer in answers:
        for fault in answer.faults:
            say(f"FOUND        {answer.question}: {fault}")
        if answer.unasked:
            say(f"NOT AUDITED  {answer.question}: {answer.unasked}")
        elif not answer.faults:
            say(f"ok           {answer.question}")
    return int(any(answer.faults for answer in answers))


if __name__ == "__main__":
    sys.exit(tell([fitting(), withdrawn(), vulnerable()], lambda line: print(line, flush=True)))  # noqa: T201
