"""An object of the landing zone that the store lists and cannot return: what the runs do.

Contains the events that the quick test and the long one share; they differ in how the object is made unreadable.
"""

import gzip
import random
from collections.abc import Callable

from stedi_assets.contracts import ACCELEROMETER_TRUSTED, CUSTOMER_LANDING, LANDING_QUARANTINE
from stedi_assets.landing.delivery import Delivery
from stedi_assets.settings import Settings
from stedi_assets_tests.lake import (
    TAKEN,
    Lake,
    checks,
    failed_checks,
    failure,
    lines,
    materialized,
    motion,
    unchanged,
)

# Compressed and larger than a chunk's header: the store keeps the bytes as they are.
_DRAWN = random.Random(1)
CONTENT = gzip.compress(lines([motion("ann@x.org", TAKEN + 100 + i, x=_DRAWN.random()) for i in range(200)]).encode())


def is_set_aside_until_it_is_delivered_again(
    lake: Lake, delivery: Delivery, spoil: Callable[[str], object], mend: Callable[[], object]
) -> None:
    """A run sets the object aside and publishes the rest; delivered again under its name it is read."""
    key = f"{lake.zone.prefix}{delivery.source}/delivery/{delivery.id}/{next(iter(delivery.files))}"
    assert lake.run().success
    rows = len(lake.rows(ACCELEROMETER_TRUSTED))
    assert lake.zone.deliver(delivery) == 1
    spoil(key)
    result = lake.run()
    assert result.success, failure(result)
    assert ("accelerometer_landing", "unreadable") in failed_checks(result)
    found = lake.rows(LANDING_QUARANTINE, "source", "source_object", "source_bytes", "reason")
    assert found == [("accelerometer", key, len(CONTENT), "unreadable")]
    assert len(lake.rows(ACCELEROMETER_TRUSTED)) == rows
    assert CUSTOMER_LANDING.table in unchanged(result)

    again = lake.run()
    assert unchanged(again) == materialized(again)

    mend()
    assert lake.zone.deliver(delivery) == 0
    assert lake.zone.deliver(delivery, unreadable={key}) == 1
    result = lake.run()
    assert result.success, failure(result)
    assert ("accelerometer_landing", "unreadable") not in failed_checks(result)
    assert checks(result)["accelerometer_landing", "unreadable"].passed
    assert lake.rows(LANDING_QUARANTINE) == []
    assert len(lake.rows(ACCELEROMETER_TRUSTED)) == rows + 200


def spoil_store(content: bytes) -> bool:
    """Change one bit of these bytes in the store's own files."""
    for file in (Settings.load().home / "store").glob("*.dat"):
        found = file.read_bytes().rfind(content)
        if found >= 0:
            with file.open("r+b") as volume:
                volume.seek(found + len(content) // 2)
                byte = volume.read(1)
                volume.seek(-1, 1)
                volume.write(bytes([byte[0] ^ 1]))
            return True
    return False
