"""The list of erasures in the store: what it remembers, and when it refuses to be used."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from stedi_assets.erasure.registry import KEY, NoSuchRequestError, Registry, RegistryError, Request
from stedi_assets.keys import ERASURE_FILE, HomeKeys
from stedi_assets.lakehouse.services import Endpoints

NOW = 1_700_000_000_000


@pytest.fixture
def registry(endpoints: Endpoints, tmp_path: Path) -> Iterator[Registry]:
    """A list of the test's own, in a bucket of its own: a list's place in its bucket is fixed."""
    s3, bucket = boto3.client("s3"), f"erasure-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    yield Registry(HomeKeys(tmp_path / "home"), s3, bucket)
    s3.delete_object(Bucket=bucket, Key=KEY)
    s3.delete_bucket(Bucket=bucket)


def home_of(registry: Registry) -> Path:
    assert isinstance(registry.keys, HomeKeys)
    return registry.keys.home


def stored(registry: Registry) -> bytes:
    content: bytes = registry.s3.get_object(Bucket=registry.bucket, Key=KEY)["Body"].read()
    return content


def store(registry: Registry, content: bytes) -> None:
    registry.s3.put_object(Bucket=registry.bucket, Key=KEY, Body=content)


def test_without_a_list_nobody_is_erased_and_no_key_is_made(registry: Registry) -> None:
    suppression = registry.suppression()
    assert (suppression.is_empty, suppression.key) == (True, b"")
    assert not home_of(registry).exists()


def test_a_customer_has_one_request_however_the_address_is_written(registry: Registry) -> None:
    request = registry.request_for("Ann@x.org", "subject of ann", NOW)
    assert request == Request(request.id, NOW, request.customer, (), (), "subject of ann", None)
    assert str(uuid.UUID(request.id)) == request.id
    assert registry.request_for(" ann@X.org ", None, NOW + 1) == request
    other = registry.request_for("ben@x.org", None, NOW + 2)
    assert (other.id != request.id, other.customer != request.customer, other.subject) == (True, True, None)
    registry.save(replace(request, completed_ms=NOW + 3))
    assert registry.request_for("ann@x.org", None, NOW + 4) == replace(request, completed_ms=NOW + 3)


def test_whoever_asked_is_kept_out_before_and_after_it_is_completed(registry: Registry) -> None:
    request = registry.request_for("ann@x.org", None, NOW)
    suppression = registry.suppression()
    assert suppression.customers == {suppression.customer("ANN@x.org")}
    request = replace(request, serials=(suppression.serial("s-1"),), mentions=(suppression.mention("Ann Smith"),))
    registry.save(request)
    ben = registry.request_for("ben@x.org", None, NOW)
    registry.save(replace(ben, serials=(suppression.serial("s-2"),)))
    for completed in (None, NOW + 1):
        registry.save(replace(request, completed_ms=completed))
        assert registry.request(request.id).completed_ms == completed
        found = registry.suppression()
        assert found.customers == {found.customer("ann@x.org"), found.customer("ben@x.org")}
        assert found.serials == {found.serial("s-1"), found.serial("s-2")}
        assert found.mentioned_in('{"name": "Ann Smith')


def test_the_list_says_who_it_is_to_nobody_without_the_key(registry: Registry) -> None:
    request = registry.request_for("Ann@x.org", "subject of ann", NOW)
    key = (home_of(registry) / ERASURE_FILE).read_text()
    shown = stored(registry).decode() + repr(registry) + repr(request) + repr(registry.suppression())
    assert "x.org" not in shown.lower()
    assert key not in shown
    listed = json.loads(stored(registry))
    assert set(listed) == {"key_check", "requests"}
    assert listed["requests"] == [
        {
            "request": request.id,
            "requested": NOW,
            "customer": request.customer,
            "serials": [],
            "mentions": [],
            "subject": "subject of ann",
            "completed": None,
        }
    ]


def test_an_unknown_request_is_refused_without_repeating_what_was_given(registry: Registry) -> None:
    request = registry.request_for("ann@x.org", None, NOW)
    for unknown in ("ann@x.org", str(uuid.uuid4())):
        with pytest.raises(NoSuchRequestError, match="no erasure with this id") as raised:
            registry.request(unknown)
        assert unknown not in str(raised.value)
        with pytest.raises(NoSuchRequestError):
            registry.save(replace(request, id=unknown))
    assert len(json.loads(stored(registry))["requests"]) == 1


def assert_refused(registry: Registry, message: str, request: Request) -> None:
    """Nothing is read, changed, or made."""
    before, files = stored(registry), sorted(home_of(registry).iterdir())
    attempts: list[Any] = [
        registry.suppression,
        lambda: registry.request_for("ann@x.org", None, NOW),
        lambda: registry.request(request.id),
        lambda: registry.save(request),
    ]
    for attempt in attempts:
        with pytest.raises(RegistryError, match=message) as raised:
            attempt()
        assert "from a copy" in str(raised.value)
        assert request.customer not in str(raised.value)
    assert (stored(registry), sorted(home_of(registry).iterdir())) == (before, files)


def test_a_list_without_its_key_is_refused_and_no_new_key_is_made(registry: Registry) -> None:
    request = registry.request_for("ann@x.org", None, NOW)
    path = home_of(registry) / ERASURE_FILE
    key = path.read_bytes()
    path.unlink()
    assert_refused(registry, r"lists 1 erasures.*but there is none", request)
    path.write_bytes(b"another key " * 6)
    path.chmod(0o600)
    assert_refused(registry, r"lists 1 erasures.*but another one is there", request)
    path.write_bytes(key)
    assert registry.request(request.id) == request


def test_a_list_that_cannot_be_read_is_not_an_empty_one(registry: Registry) -> None:
    request = registry.request_for("ann@x.org", None, NOW)
    whole = stored(registry)
    entry = json.loads(whole)["requests"][0]
    spoilt: list[bytes] = [b"", b"{}", b"[]", b"null", b"\xff", whole[:-2], whole.replace(b"key_check", b"check")]
    for changed in (
        {"customer": "ann"},
        {"customer": None},
        {"serials": "s"},
        {"serials": [1]},
        {"mentions": None},
        {"requested": "1"},
        {"completed": True},
        {"request": 1},
        {"subject": 1},
    ):
        spoilt.append(json.dumps({**json.loads(whole), "requests": [entry | changed]}).encode())
    for name in entry:
        less = {key: value for key, value in entry.items() if key != name}
        spoilt.append(json.dumps({**json.loads(whole), "requests": [less]}).encode())
    spoilt.append(json.dumps({**json.loads(whole), "requests": [entry, entry]}).encode())
    spoilt.append(json.dumps({**json.loads(whole), "requests": {}}).encode())
    for content in spoilt:
        store(registry, content)
        assert_refused(registry, "not the list of erasures", request)


def test_a_list_without_entries_needs_no_key(registry: Registry) -> None:
    store(registry, json.dumps({"key_check": "0" * 64, "requests": []}).encode())
    assert registry.suppression().is_empty
    assert not home_of(registry).exists()
    request = registry.request_for("ann@x.org", None, NOW)
    assert registry.request(request.id) == request
