"""The list of erasures, as one object in the lakehouse's bucket: whom to keep out, as keyed hashes, and since when.

Here: reading and writing the list, and refusing one that does not fit the key. Not here: what an erasure does, and what
the list means for rows (`suppression`). The caller holds the home's lock: the list is read, changed and written whole.

The list is worth nothing without the key that made it: with another key nobody on it would be recognised, and everyone
erased would come back with the next landing. So no key is made where a list is, and a list that cannot be read is
never taken for an empty one.
"""

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from stedi_assets.erasure.suppression import NOBODY, Suppression
from stedi_assets.keys import Keys, keyed_hash
from stedi_assets.lakehouse.objects import read_object

KEY = "erasure/suppressed.json"
WITHDRAWN = "withdrawn"  # in the place of an id: everyone who refuses; nobody is put on the list

_HASH = re.compile(r"[0-9a-f]{64}")


class RegistryError(RuntimeError):
    """A list that cannot be used: what was expected, what was found, what to do."""


class NoSuchRequestError(LookupError):
    """No erasure has this id."""

    def __init__(self) -> None:
        super().__init__("there is no erasure with this id; an id that stedi forget printed is expected")


@dataclass(frozen=True)
class Request:
    """One person's erasure. customer, serials, mentions: hashes, as in `Suppression`; subject: the pseudonym.

    completed_ms is None until everything of the person is gone; the person is kept out from the request on.
    """

    id: str
    requested_ms: int
    customer: str
    serials: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    subject: str | None = None
    completed_ms: int | None = None


@dataclass(frozen=True)
class Registry:
    """The list of the lakehouse with these keys: one object, `key` in `bucket`."""

    keys: Keys
    s3: Any
    bucket: str
    key: str = KEY

    def suppression(self) -> Suppression:
        """Everyone who asked for erasure, whether it is completed or not. Raises RegistryError, KeyFileError."""
        return self._suppression(self._read())

    def request_for(self, email: str, subject: str | None, now_ms: int) -> Request:
        """The request of this customer, open or completed; a new one where there is none. No address is stored."""
        requests = self._read()
        if not self.keys.has_erasure():
            # The list first: a key without one says that a list was lost.
            self._put({"key_check": "0" * 64, "requests": []})
        key = self.keys.erasure()
        customer = replace(NOBODY, key=key).customer(email)
        for request in requests:
            if request.customer == customer:
                return request
        request = Request(str(uuid.uuid4()), now_ms, customer, subject=subject)
        self._write([*requests, request])
        return request

    def request(self, request_id: str) -> Request:
        """The request with this id. Raises NoSuchRequestError."""
        return _find(self._read(), request_id)

    def save(self, request: Request) -> None:
        """Puts a request in the place of the one with its id. Raises NoSuchRequestError."""
        requests = self._read()
        place = requests.index(_find(requests, request.id))
        self._write([*requests[:place], request, *requests[place + 1 :]])

    def _suppression(self, requests: list[Request]) -> Suppression:
        if not requests:
            return NOBODY
        return Suppression(
            self.keys.erasure(),
            customers=frozenset(request.customer for request in requests),
            serials=frozenset(serial for request in requests for serial in request.serials),
            mentions=frozenset(mention for request in requests for mention in request.mentions),
        )

    def _read(self) -> list[Request]:
        content = read_object(self.s3, self.bucket, self.key)
        if content is None:
            if self.keys.has_erasure():
                raise RegistryError(
                    f"s3://{self.bucket}/{self.key}, the list of erasures, is gone, and {self.keys.erasure_place} says "
                    "that there was one: bring it back from a copy, or the erased would come back with the next landing"
                )
            return []
        try:
            listed = json.loads(content)
            check, entries = listed["key_check"], listed["requests"]
            if not _is_hash(check) or not isinstance(entries, list):
                raise ValueError
            requests = [_request_from(entry) for entry in entries]
            if len({request.id for request in requests}) < len(requests):
                raise ValueError
        except (ValueError, TypeError, KeyError, RecursionError):
            raise RegistryError(
                f"s3://{self.bucket}/{self.key} is not the list of erasures that was written there; "
                "bring it back from a copy, or the erased would come back with the next landing"
            ) from None
        self._refuse_wrong_key(check, len(requests))
        return requests

    def _refuse_wrong_key(self, check: str, entries: int) -> None:
        """A list without entries needs no key."""
        if not entries:
            return
        wanted = (
            f"s3://{self.bucket}/{self.key} lists {entries} erasures, and the key that made it is expected in "
            f"{self.keys.erasure_place}"
        )
        remedy = "bring the key back from a copy, or the erased would come back with the next landing"
        if not self.keys.has_erasure():
            raise RegistryError(f"{wanted}, but there is none: {remedy}")
        if _key_check(self.keys.erasure()) != check:
            raise RegistryError(f"{wanted}, but another one is there: {remedy}")

    def _write(self, requests: Iterable[Request]) -> None:
        entries = [_entry_of(request) for request in requests]
        self._put({"key_check": _key_check(self.keys.erasure()), "requests": entries})

    def _put(self, listed: dict[str, Any]) -> None:
        body = json.dumps(listed, indent=1).encode()
        self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=body, ContentType="application/json")


def _key_check(key: bytes) -> str:
    """Tells this key from any other, and nothing about it."""
    return keyed_hash(key, "check", "stedi")


def _find(requests: list[Request], request_id: str) -> Request:
    for request in requests:
        if request.id == request_id:
            return request
    raise NoSuchRequestError


def _entry_of(request: Request) -> dict[str, Any]:
    """A request as the list has it: the names of fields, with times in milliseconds."""
    entry = asdict(request)
    return {_NAMES.get(name, name): value for name, value in entry.items()}


_NAMES = {"id": "request", "requested_ms": "requested", "completed_ms": "completed"}


def _request_from(entry: Any) -> Request:
    """A request as it was written. Raises ValueError, TypeError, KeyError: a field less would let someone back in."""
    request = Request(
        id=entry["request"],
        requested_ms=entry["requested"],
        customer=entry["customer"],
        serials=_hashes(entry["serials"]),
        mentions=_hashes(entry["mentions"]),
        subject=entry["subject"],
        completed_ms=entry["completed"],
    )
    as_expected = (
        isinstance(request.id, str)
        and _is_time(request.requested_ms)
        and _is_hash(request.customer)
        and (request.subject is None or isinstance(request.subject, str))
        and (request.completed_ms is None or _is_time(request.completed_ms))
    )
    if not as_expected:
        raise ValueError
    return request


def _hashes(listed: Any) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(_is_hash(item) for item in listed):
        raise ValueError
    return tuple(listed)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_time(value: object) -> bool:
    return type(value) is int
