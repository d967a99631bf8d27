"""What a case of bad input is: a file, and what has to become of each record in it.

Here: its shape, and readings to make files of. Not here: the cases (`texts`, `fields`).
"""

import json
from typing import Any, NamedTuple

from stedi_assets_tests.support.lake import TAKEN, motion

Row = tuple[Any, ...]


class Case(NamedTuple):
    """A file that lands. `name` may have a suffix, else it gets .json.

    rows: the values of each row, in the order of the text (`COLUMNS` says which). quarantined: of each record that is
    no row, in that order, its reason, or reason:field. extra: names of unknown fields that are reported.
    """

    point: int
    name: str
    content: bytes
    rows: tuple[Row, ...] = ()
    quarantined: tuple[str, ...] = ()
    source: str = "accelerometer"
    extra: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Below the zone."""
        suffix = "" if self.name.endswith((".json", ".json.gz")) else ".json"
        return f"{self.source}/bad/{self.point:02}/{self.name}{suffix}"


COLUMNS = {
    "customer": ("email", "serialnumber", "lastupdatedate", "sharewithresearchasofdate"),
    "accelerometer": ("user", "timestamp", "x", "y", "z"),
    "step_trainer": ("sensorreadingtime", "serialnumber", "distancefromobject"),
}


def text(user: str | None = "u", **changed: Any) -> bytes:
    """A reading as the app writes it; UTF-8 as it is."""
    return json.dumps(motion("") | {"user": user} | changed, ensure_ascii=False).encode()


def written(field: str, value: str, user: str = "u") -> bytes:
    """A reading with this field written in just these characters."""
    return json.dumps(motion(user) | {field: "HERE"}).encode().replace(b'"HERE"', value.encode())


def row(user: str = "u", timestamp: int = TAKEN, x: float = 0.0, y: float = 1.0, z: float = -1.0) -> Row:
    """The row of `text(user)`."""
    return (user, timestamp, x, y, z)
