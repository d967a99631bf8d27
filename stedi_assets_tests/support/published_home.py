"""A home in which `stedi run` has published data/: built once in a session, shared by the tests that only read it."""

import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from stedi_assets_tests.support.commands import command


@dataclass(frozen=True)
class PublishedHome:
    """The home, and how the run that published it ended."""

    folder: Path
    finished: subprocess.CompletedProcess[str]

    @classmethod
    def build(cls, folder: Path) -> "PublishedHome":
        finished = command("stedi", "run", "--json", str(_report_of(folder)), home=folder)
        assert finished.returncode == 0, finished.stderr + finished.stdout
        return cls(folder, finished)

    @cached_property
    def report(self) -> dict[str, Any]:
        """The report of the run."""
        report: dict[str, Any] = json.loads(_report_of(self.folder).read_text())
        return report

    def query(self, *words: str) -> list[dict[str, Any]]:
        """Return the rows of `stedi query`."""
        finished = command("stedi", "query", *words, "--format", "json", home=self.folder)
        assert finished.returncode == 0, finished.stderr
        rows: list[dict[str, Any]] = json.loads(finished.stdout)
        return rows


def _report_of(folder: Path) -> Path:
    return folder.with_suffix(".json")
