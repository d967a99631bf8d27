"""A delivery adds to the landing zone: what is sent, what is refused, what the same command again does."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from stedi_assets.cli.deliver import deliver_files
from stedi_assets.lakehouse.services import Endpoints
from stedi_assets.landing.delivery import Delivery
from stedi_assets.landing.folder import LandingError
from stedi_assets.landing.zone import Zone
from stedi_assets_tests.support.commands import command


@pytest.fixture
def zone(endpoints: Endpoints) -> Zone:
    return Zone(f"s3://{endpoints.bucket}/zone-{uuid.uuid4().hex}", boto3.client("s3"))


def keys(zone: Zone) -> list[str]:
    return [landed.key.removeprefix(zone.prefix) for landed in zone.objects()]


def touched(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that are written or deleted from now on."""
    found: list[str] = []

    def told(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(**request: Any) -> Any:
            found.append(request["Key"])
            return ask(**request)

        return asked

    for name in ("put_object", "delete_object"):
        monkeypatch.setattr(zone.s3, name, told(getattr(zone.s3, name)))
    return found


def test_files_and_folders_are_added_under_one_id(zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "day" / "one").mkdir(parents=True)
    for name in (b"a\\b.json", b"a\xff.json", b"it's [1]*?{x} \xc3\xbc%20.JSON.GZ", b"..json", b"notes.txt"):
        Path(os.fsdecode(os.fsencode(tmp_path / "day" / "one") + b"/" + name)).write_text("1")
    (tmp_path / "single.json").write_text("22")
    delivery = Delivery.of("step_trainer", [tmp_path / "day", tmp_path / "single.json"])
    assert delivery.bytes == 6
    assert zone.deliver(delivery) == 5
    folder = f"step_trainer/delivery/{delivery.id}"
    assert keys(zone) == [
        f"{folder}/one/..json",
        f"{folder}/one/a%5Cb.json",
        f"{folder}/one/a%FF.json",
        f"{folder}/one/it's [1]*?{{x}} ü%2520.JSON.GZ",
        f"{folder}/single.json",
    ]


def test_the_same_files_again_change_nothing_and_others_are_another_delivery(zone: Zone, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text("1")
    first = Delivery.of("customers", [file])
    assert (first.source, zone.deliver(first)) == ("customer", 1)
    assert zone.deliver(Delivery.of("customer", [tmp_path])) == 0
    file.write_text("2")
    assert zone.deliver(Delivery.of("customer", [file])) == 1
    assert len(keys(zone)) == 2


def test_a_delivery_that_was_cut_off_is_finished(zone: Zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.json").write_text(name)
    put = zone.s3.put_object
    sent: list[str] = []

    def cut_off(**request: Any) -> Any:
        if sent:
            raise KeyboardInterrupt
        sent.append(request["Key"])
        return put(**request)

    monkeypatch.setattr(zone.s3, "put_object", cut_off)
    with pytest.raises(KeyboardInterrupt):
        zone.deliver(Delivery.of("customer", [tmp_path]))
    monkeypatch.undo()
    assert (len(keys(zone)), zone.deliver(Delivery.of("customer", [tmp_path])), len(keys(zone))) == (1, 2, 3)


def test_a_named_delivery_takes_more_but_never_writes_over(zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    assert zone.deliver(Delivery.of("customer", [tmp_path], "2026-11-25")) == 1
    (tmp_path / "b.json").write_text("1")
    assert zone.deliver(Delivery.of("customer", [tmp_path], "2026-11-25")) == 1
    (tmp_path / "a.json").write_text("2")
    (tmp_path / "c.json").write_text("1")
    with pytest.raises(LandingError, match=r"the delivery 2026-11-25 has another a\.json already .* another --id"):
        zone.deliver(Delivery.of("customer", [tmp_path], "2026-11-25"))
    assert keys(zone) == ["customer/delivery/2026-11-25/a.json", "customer/delivery/2026-11-25/b.json"]


def test_a_file_that_changes_while_it_is_sent_is_told(zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    delivery = Delivery.of("customer", [tmp_path])
    (tmp_path / "a.json").write_text("12")
    with pytest.raises(LandingError, match=r"1 of 1 files are not in .* as they were read"):
        zone.deliver(delivery)


def test_mirroring_leaves_deliveries(zone: Zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in ("customer", "accelerometer", "step_trainer"):
        (tmp_path / "set" / source).mkdir(parents=True)
        (tmp_path / "set" / source / "a.json").write_text("1")
        zone.deliver(Delivery.of(source, [tmp_path / "set" / source]))
    delivered, found = keys(zone), touched(zone, monkeypatch)
    zone.mirror(tmp_path / "set")
    (tmp_path / "set" / "customer" / "a.json").rename(tmp_path / "set" / "customer" / "b.json")
    assert zone.mirror(tmp_path / "set") == (1, 1)
    assert set(delivered) < set(keys(zone))
    assert not any("/delivery/" in key for key in found)


@pytest.mark.parametrize(
    ("source", "paths", "name", "said"),
    [
        ("customer_landing", ["a.json"], "", "no source 'customer_landing'; known: customer, accelerometer, step"),
        ("customer", ["no.json"], "", "there is no such file or folder"),
        ("customer", ["notes.txt"], "", r"is no landing file: \.json or \.json\.gz is expected"),
        ("customer", ["empty"], "", r"has no \.json or \.json\.gz files in it"),
        ("customer", ["broken"], "", "gone.json cannot be read as a file"),
        ("customer", ["a.json", "other"], "", r"other/a\.json would both be a\.json"),
        ("customer", ["a.json"], "../x", "is no id of a delivery"),
        ("customer", ["a.json"], ".", "is no id of a delivery"),
    ],
)
def test_what_cannot_be_delivered_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, paths: list[str], name: str, said: str
) -> None:
    for folder in ("empty", "broken", "other"):
        (tmp_path / folder).mkdir()
    for file in ("a.json", "notes.txt", "other/a.json"):
        (tmp_path / file).write_text("1")
    (tmp_path / "broken" / "gone.json").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("STEDI_HOME", str(tmp_path / "home"))
    with pytest.raises(LandingError, match=said):
        deliver_files(source, [tmp_path / path for path in paths], name)
    assert not (tmp_path / "home").exists()


def test_the_command_says_what_arrived_and_what_to_do(home: Path, endpoints: Endpoints, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1234")
    first = command("stedi", "deliver", "step_trainer", str(tmp_path), "--id", "d1", home=home)
    assert "step_trainer, delivery d1: 1 objects of 4 bytes are in s3://stedi/landing, 1 of them new" in first.stdout
    assert "next: stedi run" in first.stdout
    again = command("stedi", "deliver", "step_trainer", str(tmp_path), "--id", "d1", home=home)
    assert again.stdout.endswith("0 of them new\n")
    refused = command("stedi", "deliver", "steps", str(tmp_path), home=home)
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    assert refused.stderr.startswith("stedi: no source 'steps'")
    key = "landing/step_trainer/delivery/d1/a.json"  # the home is the session's
    boto3.client("s3").delete_object(Bucket=endpoints.bucket, Key=key)
