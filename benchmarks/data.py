"""The data that everybody gets: the product's synthetic landing zone, at any scale.

Scale 1 is as large as the reference set (11 MB of JSON). Each object is on a line of its own and well-formed, so that
readers that split by lines, as the plain scripts use them, lose nothing.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stedi_assets.synthetic import generate
from stedi_assets.synthetic.marks import copied
from stedi_assets.synthetic.world import world

_COMPLETE = ".complete"


@dataclass(frozen=True)
class Data:
    """A landing zone on disk. objects: by source; bytes: of all files."""

    folder: Path
    scale: float
    objects: dict[str, int]
    bytes: int


def data_of(scale: float, below: Path) -> Data:
    """The data of this scale, generated unless it lies there whole. Raises ValueError for a scale that cannot be."""
    folder = below / f"data-{scale:g}"
    note = folder / _COMPLETE
    if not note.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if scale < 1:
            objects = _part(folder, scale)
        elif scale == int(scale):
            objects = generate(folder, int(scale))
        else:
            raise ValueError(f"Expected a whole scale, or one between 0 and 1, found {scale:g}; choose another.")
        note.write_text(json.dumps(objects))
    size = sum(file.stat().st_size for file in folder.glob("*/*.json"))
    return Data(folder, scale, json.loads(note.read_text()), size)


def _part(folder: Path, scale: float) -> dict[str, int]:
    """That share of one world's customers, with all of their readings."""
    lines = {source: [copied(line, 0) for line in of_source] for source, of_source in world().items()}
    lines["customer"] = lines["customer"][: max(1, round(len(lines["customer"]) * scale))]
    lines = with_readings(lines, lines["customer"])
    for source, of_source in lines.items():
        (folder / source).mkdir(parents=True)
        (folder / source / f"{source}-0001.json").write_bytes(b"".join(of_source))
    return {source: len(of_source) for source, of_source in lines.items()}


def with_readings(lines: Mapping[str, list[bytes]], customers: list[bytes]) -> dict[str, list[bytes]]:
    """These customers, and of the other sources what is theirs."""
    people = [json.loads(line) for line in customers]
    emails, serials = ({one[field] for one in people} for field in ("email", "serialNumber"))
    return {
        "customer": customers,
        "accelerometer": [line for line in lines["accelerometer"] if json.loads(line)["user"] in emails],
        "step_trainer": [line for line in lines["step_trainer"] if json.loads(line)["serialNumber"] in serials],
    }
