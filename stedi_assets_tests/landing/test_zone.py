"""The landing zone: what a folder becomes, and what is refused."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from stedi_assets.lakehouse.services import Endpoints
from stedi_assets.landing.folder import LandingError
from stedi_assets.landing.zone import Zone


@pytest.fixture
def zone(endpoints: Endpoints) -> Zone:
    return Zone(f"s3://{endpoints.bucket}/zone-{uuid.uuid4().hex}", boto3.client("s3"))


def write(folder: Path, **files: str) -> Path:
    """A landing folder; a file is named SOURCE__NAME, its suffix is .json."""
    for name, text in {"customer__c": "1", "accelerometer__a": "2", "step_trainer__s": "3", **files}.items():
        source, _, rest = name.partition("__")
        path = folder / source / f"{rest}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def keys(zone: Zone) -> list[str]:
    return [landed.key.removeprefix(zone.prefix) for landed in zone.objects()]


def test_a_folder_is_mirrored_at_any_depth(zone: Zone, tmp_path: Path) -> None:
    deep = write(tmp_path) / "accelerometer" / "2026" / "day one"
    deep.mkdir(parents=True)
    (deep / "it's [1]*?{x} ü%20.JSON.GZ").write_bytes(b"\x1f\x8b")
    assert zone.mirror(tmp_path) == (4, 0)
    assert keys(zone) == [
        "customer/mirror/c.json",
        "accelerometer/mirror/2026/day one/it's [1]*?{x} ü%2520.JSON.GZ",
        "accelerometer/mirror/a.json",
        "step_trainer/mirror/s.json",
    ]
    assert zone.is_copy_of(tmp_path)


def test_only_what_changed_is_written_and_what_left_is_removed(zone: Zone, tmp_path: Path) -> None:
    zone.mirror(write(tmp_path, customer__gone="x"))
    assert zone.mirror(tmp_path) == (0, 0)
    (tmp_path / "customer" / "gone.json").unlink()
    write(tmp_path, customer__c="9")
    assert not zone.is_copy_of(tmp_path)
    assert zone.mirror(tmp_path) == (1, 1)
    assert zone.is_copy_of(tmp_path)


def test_what_lies_beside_the_mirror_stays(zone: Zone, tmp_path: Path) -> None:
    delivered = f"{zone.prefix}customer/delivery/1/c.json"
    zone.s3.put_object(Bucket=zone.bucket, Key=delivered, Body=b"d")
    zone.mirror(write(tmp_path))
    assert "customer/delivery/1/c.json" in keys(zone)
    assert not zone.is_copy_of(tmp_path)


def test_customers_is_a_name_for_customer(zone: Zone, tmp_path: Path) -> None:
    (write(tmp_path) / "customer").rename(tmp_path / "customers")
    zone.mirror(tmp_path)
    assert "customer/mirror/c.json" in keys(zone)


def test_a_bucket_prefix_may_hold_customers_too(zone: Zone) -> None:
    zone.s3.put_object(Bucket=zone.bucket, Key=f"{zone.prefix}customers/c.json", Body=b"1")
    assert [(landed.source, landed.bytes) for landed in zone.objects()] == [("customer", 1)]


def test_other_files_are_not_landing_objects(zone: Zone, tmp_path: Path) -> None:
    (write(tmp_path) / "customer" / "README.txt").write_text("about")
    zone.mirror(tmp_path)
    zone.s3.put_object(Bucket=zone.bucket, Key=f"{zone.prefix}customer/notes.csv", Body=b"1")
    assert len(keys(zone)) == 3


def test_empty_and_hidden_objects_are_listed(zone: Zone, tmp_path: Path) -> None:
    write(tmp_path, **{"customer___hidden": "h", "customer__.dot": "d", "customer__empty": ""})
    zone.mirror(tmp_path)
    assert {key for key in keys(zone) if key.startswith("customer")} == {
        "customer/mirror/c.json",
        "customer/mirror/_hidden.json",
        "customer/mirror/.dot.json",
        "customer/mirror/empty.json",
    }


def test_names_of_any_bytes_are_kept_apart_and_stay(zone: Zone, tmp_path: Path) -> None:
    folder = write(tmp_path) / "customer"
    for name in (b"a\\b.json", b"a\xff.json", b"a%FF.json", b"a\\xff.json", b"new\nline.json"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("1")
    (folder / "a").mkdir()
    (folder / "a" / "b.json").write_text("2")
    assert zone.mirror(tmp_path) == (9, 0)
    before = keys(zone)
    assert len(set(before)) == 9
    assert zone.mirror(tmp_path) == (0, 0)
    assert keys(zone) == before


def test_links_are_followed(zone: Zone, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "more.json").write_text("1")
    (write(tmp_path / "in") / "customer" / "2024").symlink_to(outside)
    zone.mirror(tmp_path / "in")
    assert "customer/mirror/2024/more.json" in keys(zone)


def test_a_file_that_cannot_be_read_changes_nothing(zone: Zone, tmp_path: Path) -> None:
    (write(tmp_path) / "customer" / "dangling.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LandingError, match=r"dangling\.json cannot be read as a file"):
        zone.mirror(tmp_path)
    assert keys(zone) == []


@contextmanager
def cut_off(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ends what is done within when it comes to the step trainer's object."""
    put = zone.s3.put_object

    def interrupted(**request: Any) -> Any:
        if request["Key"].endswith("s.json"):
            raise KeyboardInterrupt
        return put(**request)

    monkeypatch.setattr(zone.s3, "put_object", interrupted)
    with pytest.raises(KeyboardInterrupt):
        yield
    monkeypatch.undo()


def test_a_mirroring_that_was_cut_off_is_not_read(zone: Zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cut_off(zone, monkeypatch):
        zone.mirror(write(tmp_path))
    with pytest.raises(LandingError, match="is incomplete: the copying of a folder into it was cut off"):
        zone.objects_to_ingest()
    assert not zone.holds_demo
    zone.mirror(tmp_path)
    assert len(zone.objects_to_ingest()) == 3


def test_the_demo_set_is_known_from_the_first_object_on(
    zone: Zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cut_off(zone, monkeypatch):
        zone.mirror(write(tmp_path), is_demo=True)
    assert (zone.holds_demo, zone.is_being_mirrored) == (True, True)
    assert zone.mirror(tmp_path, is_demo=True) == (1, 0)
    assert zone.is_copy_of(tmp_path)
    assert zone.holds_demo
    assert len(zone.objects_to_ingest()) == 3


def test_another_folder_replaces_the_demo_set_also_where_that_is_cut_off(
    zone: Zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone.mirror(write(tmp_path / "demo"), is_demo=True)
    real = write(tmp_path / "real", customer__c="9", step_trainer__s="9")
    with cut_off(zone, monkeypatch):
        zone.mirror(real)
    assert (zone.holds_demo, zone.is_being_mirrored) == (False, True)
    with pytest.raises(LandingError, match="is incomplete"):
        zone.objects_to_ingest()
    zone.mirror(real)
    assert zone.is_copy_of(real)


def test_objects_beside_the_demo_set_are_not_read_and_stay_when_it_is_removed(zone: Zone, tmp_path: Path) -> None:
    zone.mirror(write(tmp_path), is_demo=True)
    zone.s3.put_object(Bucket=zone.bucket, Key=f"{zone.prefix}customers/c.json", Body=b"1")
    with pytest.raises(LandingError, match="holds the demo set and 1 other objects"):
        zone.objects_to_ingest()
    assert zone.remove_demo() == 3
    assert (keys(zone), zone.holds_demo, zone.remove_demo()) == (["customers/c.json"], False, 0)


@pytest.mark.parametrize("uri", ["s3://", "s3:/x", "s3://Bad_Bucket!/x", "/folder", "s3://-a/x"])
def test_a_uri_that_is_none_is_refused(uri: str) -> None:
    with pytest.raises(LandingError, match="s3://BUCKET/PREFIX is expected"):
        Zone.of(uri, None)


def test_more_than_a_page_of_objects(zone: Zone, tmp_path: Path) -> None:
    write(tmp_path, **{f"step_trainer__{n}": str(n) for n in range(1100)})
    zone.mirror(tmp_path)
    assert len(keys(zone)) == 1103
    assert zone.mirror(tmp_path) == (0, 0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "customer" / "c.json").unlink(), r"customer has no \.json or \.json\.gz files"),
        (lambda folder: (folder / "customer").rename(folder / "clients"), "needs one folder customer or customers"),
        (lambda folder: (folder / "customers").mkdir(), "found: customer, customers"),
    ],
)
def test_a_folder_that_lacks_a_source_changes_nothing(zone: Zone, tmp_path: Path, spoil: Any, said: str) -> None:
    zone.mirror(write(tmp_path))
    before = keys(zone)
    spoil(tmp_path)
    with pytest.raises(LandingError, match=said):
        zone.mirror(tmp_path)
    assert keys(zone) == before


def test_a_folder_that_is_none_is_refused(zone: Zone, tmp_path: Path) -> None:
    with pytest.raises(LandingError, match="is no folder"):
        zone.mirror(tmp_path / "nowhere")


def test_a_zone_without_a_source_is_refused(zone: Zone) -> None:
    zone.s3.put_object(Bucket=zone.bucket, Key=f"{zone.prefix}customer/c.json", Body=b"1")
    with pytest.raises(LandingError, match=r"no \.json or \.json\.gz objects for accelerometer, step_trainer"):
        zone.objects_to_ingest()


def test_a_bucket_that_is_not_there_is_said(endpoints: Endpoints) -> None:
    with pytest.raises(LandingError, match="nowhere"):
        Zone("s3://nowhere/landing", boto3.client("s3")).objects()
