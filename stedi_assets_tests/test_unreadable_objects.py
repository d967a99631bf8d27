"""An object of the landing zone that the store cannot return is set aside, named, and can be delivered again."""

from pathlib import Path
from typing import Any

import pytest

from stedi_assets.erasure.raw_objects import UnreadableLandingError, rewrite_zone
from stedi_assets.lakehouse import objects
from stedi_assets.lakehouse.objects import UnreadableObjectError
from stedi_assets.landing import fetch
from stedi_assets.landing.delivery import Delivery
from stedi_assets.landing.manifest import DamagedManifestError, Ingested, Manifest, changes
from stedi_assets.landing.zone import LandedObject
from stedi_assets_tests.lake import Lake
from stedi_assets_tests.unreadable import CONTENT, is_set_aside_until_it_is_delivered_again

ENTRY = Ingested("k", "e", 5, 5, 5, 1, ((0, 2),), is_unreadable=True)


def delivery_of(folder: Path) -> Delivery:
    (folder / "late.json.gz").write_bytes(CONTENT)
    return Delivery.of("accelerometer", [folder / "late.json.gz"], "late")


def test_it_is_set_aside_until_it_is_delivered_again(
    lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the error that the store's answer becomes; `faults/test_unreadable_store.py` damages the store's files."""
    read, spoiled = objects.read_object, set[str]()
    monkeypatch.setenv("STEDI_MAX_QUARANTINE_SHARE", "1")

    def unreadable(s3: Any, bucket: str, key: str, etag: str | None = None) -> bytes | None:
        if key in spoiled:
            raise UnreadableObjectError
        return read(s3, bucket, key, etag)

    for module in (fetch, "stedi_assets.building.ingestion"):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{name}.read_object", unreadable)
    is_set_aside_until_it_is_delivered_again(lake, delivery_of(tmp_path), spoiled.add, spoiled.clear)


def test_an_erasure_cannot_be_finished_without_it(lake: Lake, landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.request("ann@x.org")

    def unreadable(*_all: Any) -> bytes:
        raise UnreadableObjectError

    monkeypatch.setattr("stedi_assets.erasure.raw_objects.read_object", unreadable)
    with pytest.raises(UnreadableLandingError, match=r"^a landing object of customer cannot be read"):
        rewrite_zone(lake.zone, lake.registry.suppression(), 10**6)


def test_a_manifest_keeps_it_and_says_when_it_is_damaged_itself() -> None:
    manifest = Manifest.of([ENTRY])
    packed = manifest.packed()
    assert Manifest.unpacked(packed) == manifest
    assert manifest.unreadable == {"k"}
    for place in range(len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 16
        try:
            assert Manifest.unpacked(bytes(changed)).entries.keys() == {"k"}  # in the header of gzip nothing is checked
        except DamagedManifestError:
            continue
    with pytest.raises(DamagedManifestError):
        Manifest.unpacked(packed[:-9])


def test_it_is_read_again_alone() -> None:
    listed = [LandedObject("customer", "b", "k", "e", 5), LandedObject("customer", "b", "l", "e", 5)]
    manifest = Manifest.of([ENTRY, Ingested("l", "e", 5, 5, 5, 1)])
    assert changes(listed, manifest).is_empty
    found = changes(listed, manifest, again={"k"})
    assert ([landed.key for landed in found.fresh], set(found.gone)) == (["k"], {"k"})
