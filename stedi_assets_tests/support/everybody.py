"""Some customers whose every word can be searched for, and their data as it arrives: whole, escaped, packed, damaged.

Here: who they are and the landing folder with them. Not here: what is looked for in what (`traces`), other landing data
(`lake`, `worlds`).
"""

import gzip
import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from stedi_assets_tests.support.lake import AGREED, TAKEN, customer, lines, motion, step

READINGS = 250
SOURCES = ("customer", "accelerometer", "step_trainer")


@dataclass(frozen=True)
class Person:
    """What a customer is known by; each differs from everybody else's within the first characters."""

    email: str
    name: str
    phone: str
    serial: str

    @property
    def needles(self) -> tuple[str, ...]:
        return astuple(self)

    def record(self, **changes: Any) -> dict[str, Any]:
        named = {"customerName": self.name, "phone": self.phone, "birthDay": "1961-02-03"}
        return {**customer(self.email, self.serial), **named, **changes}

    def motions(self, until: int) -> list[dict[str, Any]]:
        return [motion(self.email, TAKEN + 1000 * i, x=float(i)) for i in range(until)]

    def steps(self, until: int) -> list[dict[str, Any]]:
        return [step(self.serial, TAKEN + 1000 * i, 200 + i) for i in range(until)]


NAMED = Person("Quilliana.Vex@gone.example", "Zéphyrine Quøldbrandt", "4479360215587", "7c19e0d4-of-the-named")
TOLD = Person("Ottoline.Braks@left.example", "Pæregrine Thwaîtebury", "3361188002946", "b2f83a57-of-the-told")
STAY = Person("Bartholo.Mewes@here.example", "Ingeborg Schwarzwälder", "4930127758841", "d95e46c1-of-the-stayer")
ALSO = Person("Wilhelmi.Nasch@also.example", "Crispin Fjordåker", "4681095523317", "038ba7f2-of-the-other")
EVERYBODY = (NAMED, TOLD, STAY, ALSO)


def deliver(folder: Path, until: int) -> None:
    """Everybody's data, readings up to `until`, in the ways that websites, phones and devices write."""
    for source in SOURCES:
        (folder / source).mkdir(parents=True, exist_ok=True)
    motions = [record for records in zip(*(p.motions(until) for p in EVERYBODY), strict=True) for record in records]
    steps = [record for records in zip(*(p.steps(until) for p in EVERYBODY), strict=True) for record in records]
    half = len(motions) // 2
    padded = [person.record(email=f"  {person.email.upper()}\t", lastUpdateDate=AGREED + 1) for person in EVERYBODY]
    website, phones = folder / "customer", folder / "accelerometer"
    plain = [json.dumps(person.record(), ensure_ascii=False) for person in EVERYBODY]
    website.joinpath("website.json").write_text("\n".join(plain))
    website.joinpath("escaped.json").write_text("".join(map(json.dumps, padded)))
    website.joinpath("damaged.json").write_text(damaged_records())
    phones.joinpath("phones.json").write_text(lines(motions[:half]))
    phones.joinpath("phones.json.gz").write_bytes(gzip.compress(lines(motions[half:]).encode()))
    misfits = lines([{"user": person.email, "timestamp": "soon"} for person in EVERYBODY])
    phones.joinpath("misfits.json").write_text(misfits)
    phones.joinpath("cut.json.gz").write_bytes(gzip.compress(lines(NAMED.motions(9)).encode())[:-9])
    devices = folder / "step_trainer"
    devices.joinpath("one-line.json").write_text("".join(map(json.dumps, steps[:half])))
    devices.joinpath("packed.json.gz").write_bytes(gzip.compress(json.dumps(steps[half:]).encode()))
    misfits = lines([{"serialNumber": person.serial, "sensorReadingTime": "now"} for person in EVERYBODY])
    devices.joinpath("misfits.json").write_text(misfits)


def damaged_records() -> str:
    """Of each person one with the address and one with phone and name alone, apart by a record that is whole."""
    apart = f"\n{json.dumps(STAY.record())}\n"
    return apart.join(
        text
        for person in EVERYBODY
        for text in (
            f'{{"email": "{person.email}", "customerName": "{person.name}", "phone": ',
            f'{{"customerName": "{person.name}", "phone": "{person.phone}", "email": "',
        )
    )
