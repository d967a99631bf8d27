"""Messages about objects that the store lists and cannot return.

By the error that the store's answer becomes, as an answer takes 13 s: `test_unreadable_store` damages the store.
"""

from typing import Any

from stedi_assets.erasure.raw_objects import rewrite_zone
from stedi_assets.lakehouse import objects
from stedi_assets.lakehouse.objects import UnreadableObjectError
from stedi_assets.settings import Settings
from stedi_assets_tests.erased_tables import ANN
from stedi_assets_tests.faults.messages_tables import LANDING_ONLY
from stedi_assets_tests.faults.said import Given, Provoke, refused, sentence
from stedi_assets_tests.lake import bring


def no_answer(*_all: object) -> bytes:
    raise UnreadableObjectError


def _list_unreadable(given: Given) -> str:
    given.lake.request(ANN)
    given.patch.setattr("stedi_assets.erasure.registry.read_object", no_answer)
    return sentence(given.lake.registry.suppression)


def _landed_unreadable(given: Given) -> str:
    bring(given.lake, given.folder / "landing")
    given.lake.request(ANN)
    given.patch.setattr("stedi_assets.erasure.raw_objects.read_object", no_answer)
    return refused(lambda: rewrite_zone(given.lake.zone, given.lake.registry.suppression(), 10**6))


def _set_aside(given: Given) -> str:
    read = objects.read_object

    def no_readings(s3: Any, bucket: str, key: str, etag: str | None = None) -> bytes | None:
        return no_answer() if "accelerometer" in key else read(s3, bucket, key, etag)

    bring(given.lake, given.folder / "landing")
    given.patch.setattr("stedi_assets.landing.fetch.read_object", no_readings)
    told = given.told(
        *("run", "--landing", given.lake.zone.uri, *LANDING_ONLY),
        status=0,
        STEDI_HOME=str(Settings.load().home),
        STEDI_MAX_QUARANTINE_SHARE="1",
    )
    return next(line for line in told.splitlines() if ".unreadable" in line)


MESSAGES: dict[str, Provoke] = {
    "the store has an object and cannot return what it holds: bring it again under its name, or restore a copy": (
        _list_unreadable
    ),
    "a landing object of … cannot be read from the store, and may have the erased person's records; …": (
        _landed_unreadable
    ),
    "WARN  ….unreadable: expected 0, found …; deliver these objects again under their names: …": _set_aside,
}
