"""What a user is told when something fails: provoked by the real commands, or by the code that they run.

Here: how a message is provoked and written down. Not here: which messages there are (`messages_*`).
"""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from stedi_assets.cli.ending import carry_out
from stedi_assets.cli.errors import sentence_of
from stedi_assets.cli.main import stedi
from stedi_assets.lakehouse.tables import Tables
from stedi_assets_tests.support.lake import Lake

ANYTHING = "…"  # stands for what differs from case to case


@dataclass
class Given:
    """What a provocation has at hand. `home`: nothing runs there yet, and what is started there is stopped."""

    request: pytest.FixtureRequest
    home: Path
    folder: Path
    patch: pytest.MonkeyPatch

    @cached_property
    def lake(self) -> Lake:
        found: Lake = self.request.getfixturevalue("lake")
        return found

    @cached_property
    def tables(self) -> Tables:
        found: Tables = self.request.getfixturevalue("tables")
        return found

    def said(self, *words: str, status: int = 2, **settings: str) -> str:
        """The message with which `stedi` ends in this process, in the home of its own, with that exit status."""
        return self.told(*words, status=status, **{"STEDI_HOME": str(self.home), **settings}).splitlines()[-1]

    def told(self, *words: str, status: int, **settings: str) -> str:
        """All that `stedi` tells, its errors last, without the word stedi before them."""
        out, errors = io.StringIO(), io.StringIO()
        with environment(settings), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["stedi", *words])
            with redirect_stdout(out), redirect_stderr(errors):
                ended = carry_out(stedi)
        spoken = out.getvalue() + errors.getvalue()
        assert ended == status, spoken
        assert "Traceback" not in spoken
        return "\n".join(line.removeprefix("stedi: ") for line in spoken.splitlines())


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """The variables of a command, and afterwards those of before: commands set some for their libraries."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sentence(attempt: Callable[[], Any]) -> str:
    """What a command that does this says of its failure."""
    try:
        attempt()
    except Exception as error:
        if said := sentence_of(error):
            return said
        raise  # it would keep its traceback
    raise AssertionError("nothing failed")


def refused(attempt: Callable[[], Any]) -> str:
    """The text of an error that a step of a run, or a command, shows as it is."""
    try:
        attempt()
    except Exception as error:
        return str(error)
    raise AssertionError("nothing failed")


def fits(message: str, said: str) -> bool:
    """Whether this is that message, with something in each place that is left open."""
    pattern = ".+".join(re.escape(part) for part in message.split(ANYTHING))
    return re.fullmatch(pattern, said, re.DOTALL) is not None


Provoke = Callable[[Given], str]
