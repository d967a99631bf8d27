"""Messages about the machine: memory that it does not give, files of Dagster's that it has damaged."""

import os
import resource

from stedi_assets.cli import doctor
from stedi_assets.cli.dagster_home import dagster_home, dagster_instance
from stedi_assets_tests.faults.said import Given, Provoke, sentence


def _damaged_database(given: Given) -> str:
    database = dagster_home(given.home) / "history" / "runs.db"
    database.parent.mkdir()
    database.write_bytes(os.urandom(9000))
    return sentence(lambda: dagster_instance(given.home))


def _no_memory(given: Given) -> str:
    def refuse(*_all: object) -> None:
        raise ImportError("pyarrow.so: failed to map segment from shared object") from MemoryError()

    given.patch.setattr(doctor, "tell", refuse)
    return given.said("doctor")


def _little_address_space(given: Given) -> str:
    given.patch.setattr(resource, "getrlimit", lambda _what: (2_000_000 * 1024, resource.RLIM_INFINITY))
    return given.said("run")


MESSAGES: dict[str, Provoke] = {
    "…: damaged, and a database of Dagster's; move it away and run again: a new one is made. …": _damaged_database,
    "the system gave this process no more memory or threads; allow more (…), or end other programs, and run again": (
        _no_memory
    ),
    "expected at least … GB of address space for the embedded engine, found … GB; allow more: …": _little_address_space,
}
