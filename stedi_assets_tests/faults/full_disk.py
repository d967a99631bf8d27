"""A home on a small disk that is filled while objects are put, and freed again: run in a mount namespace of its own.

`python -m stedi_assets_tests.faults.full_disk FOLDER TIMES` writes as JSON what was acknowledged, lost and refused.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stedi_assets.lakehouse.services import Endpoints, ensure_running, stop
from stedi_assets_tests.commands import REPOSITORY
from stedi_assets_tests.test_services import s3

_DISK_BYTES = 400 * 2**20
_OBJECT_BYTES = 200_000
_HEALED_SECONDS = 60.0


def fill_disk(times: int, folder: Path) -> dict[str, int]:
    """Do it in another process, with a file system in memory as the disk of the home."""
    folder.mkdir()
    command = [sys.executable, "-m", "stedi_assets_tests.faults.full_disk", str(folder), str(times)]
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    done = subprocess.run([*namespace, *command], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


class _Writer:
    """Puts objects one after another, in a thread, and keeps those that were acknowledged."""

    def __init__(self, services: Endpoints) -> None:
        self._client, self._bucket = s3(services), services.bucket
        self.acknowledged: dict[str, bytes] = {}
        self.refused = 0
        self.is_ended = threading.Event()

    def put(self) -> bool:
        key, body = f"object/{len(self.acknowledged) + self.refused}", os.urandom(_OBJECT_BYTES)
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)
        except (BotoCoreError, ClientError):
            self.refused += 1
            return False
        self.acknowledged[key] = body
        return True

    def run(self) -> None:
        while not self.is_ended.is_set():
            self.put()

    def lost(self) -> int:
        """How many acknowledged objects are not there as they were put."""
        return sum(self._read(key) != body for key, body in self.acknowledged.items())

    def _read(self, key: str) -> bytes | None:
        try:
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return content
        except (BotoCoreError, ClientError):
            return None


def _fill(disk: Path, writer: _Writer, seed: int) -> None:
    """Fill the disk while objects are put, until one is refused."""
    filler = disk / "filler"
    before = writer.refused
    thread = threading.Thread(target=writer.run)
    thread.start()
    time.sleep(random.Random(seed).random() / 2)
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(2**20))
                file.flush()
        except OSError:
            pass
        deadline = time.monotonic() + _HEALED_SECONDS
        while writer.refused == before and time.monotonic() < deadline:
            time.sleep(0.01)
    writer.is_ended.set()
    thread.join()
    writer.is_ended.clear()
    filler.unlink()


def _main(disk: Path, times: int) -> dict[str, Any]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "none", str(disk)], check=True)
    services = ensure_running(disk / "home")
    writer, not_healed = _Writer(services), 0
    for number in range(times):
        _fill(disk, writer, number)
        deadline = time.monotonic() + _HEALED_SECONDS
        while not (healed := writer.put()) and time.monotonic() < deadline:
            time.sleep(0.1)
        not_healed += not healed
    found = {"acknowledged": len(writer.acknowledged), "refused": writer.refused, "not_healed": not_healed}
    found["lost"] = writer.lost()
    stop(disk / "home")
    ensure_running(disk / "home")
    found["lost_after_restart"] = writer.lost()
    stop(disk / "home")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_main(Path(sys.argv[1]), int(sys.argv[2]))))
