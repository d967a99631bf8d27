"""What is pinned is what is installed, everywhere; and the audit never takes no answer for a good one.

Whether anything is known against the pins is no test's business but `make audit`'s: that changes by itself.
"""

import ast
import json
import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import distribution, version
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stedi_assets_tests.support.cloud_template import load
from stedi_assets_tests.tools import dependencies
from stedi_assets_tests.tools.dependencies import CONSTRAINTS, REPOSITORY, Answer, fitting, of_index, of_service, tell

LINES = CONSTRAINTS.read_text().splitlines()
# For which constraints.txt pins: a package that is needed on one of them alone must not be missing.
PLACES = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": system,
        "platform_machine": machine,
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python in ("3.11", "3.12", "3.13", "3.14")
    for platform, system in (("linux", "Linux"), ("darwin", "Darwin"))
    for machine in ("x86_64", "arm64")
]


def pins(lines: list[str]) -> dict[str, str]:
    """Versions by name."""
    return {canonicalize_name(name): pinned for name, _, pinned in (line.partition("==") for line in lines)}


def pinned_by_setup() -> dict[str, str]:
    """The versions that setup.py names, read from its text: what is installed may be of another day."""
    module = ast.parse((REPOSITORY / "setup.py").read_text())
    lists = [node.value for node in module.body if isinstance(node, ast.Assign)]
    found = [Requirement(text) for part in lists for text in ast.literal_eval(part)]
    return {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in found}


@cache
def closure() -> frozenset[str]:
    """Everything that the package with its tests needs, on any of the places; setuptools is the build's."""
    found: set[tuple[str, frozenset[str]]] = set()
    left = [("stedi-lakehouse", frozenset({"test"}))]
    while left:
        asked = left.pop()
        if asked in found:
            continue
        found.add(asked)
        name, extras = asked
        for needed in map(Requirement, distribution(name).requires or ()):
            marks = [{**place, "extra": extra} for place in PLACES for extra in ("", *extras)]
            if needed.marker is None or any(needed.marker.evaluate(mark) for mark in marks):
                left.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return frozenset(name for name, _ in found) - {"stedi-lakehouse", "setuptools"}


def faults(lines: list[str]) -> list[str]:
    """What is no pin, what is missing, what is too much, what has another version than it must have."""
    found = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)]
    pinned = pins(lines)
    found += ["a package twice"] if len(pinned) < len(lines) else []
    found += [f"{name}: in one of the two alone" for name in closure() ^ set(pinned)]
    found += [f"{n}: {exact} in setup.py" for n, exact in pinned_by_setup().items() if f"=={pinned.get(n)}" != exact]
    return found + [f"{n}: {version(n)} is installed" for n in closure() if n in pinned and version(n) != pinned[n]]


def test_the_pins_are_the_packages_that_are_needed_anywhere_and_installed_here() -> None:
    assert faults(LINES) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines, "left-pad==1.0"],
        lambda lines: lines[1:],
        lambda lines: [*lines, lines[0]],
        lambda lines: [re.sub(r"^(boto3==).*", r"\g<1>1.0", line) for line in lines],
        lambda lines: [re.sub(r"^(urllib3==).*", r"\g<1>1.0", line) for line in lines],
        lambda lines: [re.sub(r"^urllib3==", "urllib3>=", line) for line in lines],
        lambda lines: [re.sub(r"^urllib3==.*", "urllib3 @ https://example.org/u.whl", line) for line in lines],
    ],
)
def test_another_list_is_noticed(change: Callable[[list[str]], list[str]]) -> None:
    assert faults(change(LINES))


def test_the_glue_jobs_install_the_same_versions() -> None:
    """All but numbers of their own that a Glue of another Python could ask for: there are none now."""
    assert set(pins(load()["Mappings"]["Job"]["Modules"]["Pinned"]).items()) <= set(pins(LINES).items())


def test_every_installation_keeps_to_the_pins() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    installs = [line for line in makefile.splitlines() if "pip install" in line]
    assert [("--constraint constraints.txt" in line, "-of-pins/" in line) for line in installs] == [
        (False, True),
        (True, False),
    ]


def test_what_is_installed_fits_together() -> None:
    assert fitting() == Answer("fits together", [])


def test_a_yanked_version_and_one_that_is_gone_are_found() -> None:
    packages = [("a", "1", False), ("b", "2", True)]
    report = {"install": [{"metadata": {"name": n, "version": v}, "is_yanked": y} for n, v, y in packages]}
    assert of_index(0, json.dumps(report), "").faults == ["b 2 was yanked"]
    gone = "ERROR: Could not find a version (from versions: 1.0, 1.1)\nERROR: No matching distribution found for a==2"
    assert of_index(1, "", gone).faults == ["ERROR: No matching distribution found for a==2"]


def test_a_known_vulnerability_is_found_unless_it_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}
    report = json.dumps({"dependencies": [{"name": "a", "version": "1.0", "vulns": [known]}], "fixes": []})
    assert of_service(report) == Answer("known vulnerabilities", ["a 1.0: PYSEC-1 (1.1)"])
    monkeypatch.setitem(dependencies.ACCEPTED, "CVE-1", "the part is not used")
    assert of_service(report) == Answer("known vulnerabilities", [])


@pytest.mark.parametrize(
    ("answer", "unasked"),
    [
        (of_service(""), "the service did not answer"),
        (of_service("null"), "the service did not answer"),
        (
            of_service(json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}], "fixes": []})),
            "the service knows nothing of 1 of 1 packages",
        ),
        (of_index(None, "", ""), "the package index did not answer"),
        (
            of_index(1, "", "ERROR: ... (from versions: none)\nERROR: No matching distribution found for a==2"),
            "the package index did not answer",
        ),
    ],
)
def test_what_could_not_be_asked_is_said_and_fails_nothing(answer: Any, unasked: str) -> None:
    said: list[str] = []
    assert tell([answer], said.append) == 0
    assert said == [f"NOT AUDITED  {answer.question}: {unasked}"]


def test_what_is_found_fails_beside_what_could_not_be_asked() -> None:
    said: list[str] = []
    assert tell([Answer("one", []), Answer("two", ["b 2 was yanked"], "half of it")], said.append) == 1
    assert said == ["ok           one", "FOUND        two: b 2 was yanked", "NOT AUDITED  two: half of it"]
