"""Uploads that take longer than the maintenance beside them: whole afterwards, or refused and not there."""

import os
import random
from pathlib import Path

import pytest

from stedi_assets.lakehouse.services import ensure_running, vacuum, vacuum_all
from stedi_assets_tests.faults.table import record
from stedi_assets_tests.test_services import s3
from stedi_assets_tests.uploads import CHUNK, Upload

SCHEDULES = 50


@pytest.mark.faults(minutes=6)
def test_slow_uploads_beside_upkeep_and_erasure(own_home: Path) -> None:
    """`vacuum` is what upkeep does with the store, `vacuum_all` what an erasure does."""
    choices, wrong, broken = random.Random(25), 0, 0
    services = ensure_running(own_home)
    for number in range(SCHEDULES):
        bodies = [os.urandom(choices.randint(CHUNK + 2, 3 * CHUNK)) for _ in range(choices.randint(1, 3))]
        uploads = [Upload(own_home, services, f"{number}/{place}", body) for place, body in enumerate(bodies)]
        ended = choices.randrange(len(uploads) + 1)  # some end before the maintenance, and some after it
        statuses = [upload.finish() for upload in uploads[:ended]]
        for maintain in choices.choices([vacuum, vacuum_all], weights=[2, 1], k=choices.randint(1, 2)):
            maintain(own_home)
        statuses += [upload.finish() for upload in uploads[ended:]]
        services = ensure_running(own_home)
        client = s3(services)
        listed = client.list_objects_v2(Bucket=services.bucket, Prefix=f"{number}/").get("Contents", [])
        kept = {
            entry["Key"]: client.get_object(Bucket=services.bucket, Key=entry["Key"])["Body"].read() for entry in listed
        }
        expected = {
            f"{number}/{place}": body
            for place, (body, status) in enumerate(zip(bodies, statuses, strict=True))
            if status == 200
        }
        wrong += kept != expected
        broken += statuses.count(None)
    record("25: an upload beside upkeep and erasure", SCHEDULES, wrong=wrong)
    assert wrong == 0
    assert broken > 0, "an erasure restarts the store"
