"""An upload that is under way for as long as a test wants, on a connection of its own."""

import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from stedi_assets.lakehouse.services import Endpoints
from stedi_assets_tests.storage.test_services import s3

CHUNK = 4 * 2**20  # the store writes an object in pieces of this size
_WAIT_SECONDS = 30.0


class Upload:
    """A PUT of which one chunk is in the home's store; the rest is only sent by `finish`."""

    def __init__(self, home: Path, endpoints: Endpoints, key: str, body: bytes) -> None:
        self._rest = body[CHUNK + 1 :]
        before = _indexed(home)
        place = {"Bucket": endpoints.bucket, "Key": key}
        url = urlsplit(s3(endpoints).generate_presigned_url("put_object", place))
        self._connection = HTTPConnection(url.netloc, timeout=60)
        self._connection.putrequest("PUT", f"{url.path}?{url.query}")
        self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body[: CHUNK + 1])
        deadline = time.monotonic() + _WAIT_SECONDS
        while _indexed(home) == before:
            assert time.monotonic() < deadline, "the upload's first chunk is not in the store"
            time.sleep(0.02)

    def __enter__(self) -> "Upload":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def finish(self) -> int | None:
        """The status that the store answers, None if it broke the connection."""
        try:
            self._connection.send(self._rest)
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, HTTPException):
            return None


def body_of(canary: bytes) -> bytes:
    """A body for an upload, with the canary in its first chunk."""
    return canary + bytes(CHUNK) + canary[::-1] + bytes(CHUNK // 2)


def is_on_disk(home: Path, content: bytes) -> bool:
    """Whether a volume of the home's store holds it."""
    return any(content in path.read_bytes() for path in (home / "store").glob("*.dat"))


def _indexed(home: Path) -> int:
    """Bytes of the indexes of the landing zone's volumes."""
    return sum(path.stat().st_size for path in (home / "store").glob("stedi_*.idx"))
