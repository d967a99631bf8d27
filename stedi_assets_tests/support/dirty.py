"""A small set with all the dirt that real deliveries have, and people in every state: for comparing engines on it.

Only making it; the same for the same seed.
"""

import gzip
import json
import random
from pathlib import Path
from typing import Any

from stedi_assets_tests.support.lake import AGREED, TAKEN, customer, motion, step

PEOPLE, SERIALS = 120, 20


def write_dirty(folder: Path, seed: int = 20_230_328) -> Path:
    """The landing folder: withdrawn, tied, shared, misspelt, repeated; run together, packed, cut, damaged."""
    draw = random.Random(seed)
    customers = [record for person in range(PEOPLE) for record in _records(draw, person)]
    motions = [_motion(draw, draw.randrange(PEOPLE)) for _ in range(1_500)]
    steps = [
        step(f"s{draw.randrange(SERIALS + 3)}", TAKEN + draw.randrange(400), draw.randint(200, 299)) for _ in range(600)
    ]
    draw.shuffle(customers)
    for source, records in (("customer", customers), ("accelerometer", motions), ("step_trainer", steps)):
        (folder / source).mkdir(parents=True, exist_ok=True)
        for place in range(6):
            _write(folder / source, place, records[place::6])
        (folder / source / "again.json").write_text(_lines(records[:20]))
    return folder


def _records(draw: random.Random, person: int) -> list[dict[str, Any]]:
    """One to three records; the newest may withdraw, tie, or agree as of some time among the readings."""
    agreed = draw.choice([None, 0, AGREED, TAKEN + 100, TAKEN + 250, 9_999_999_999_999])
    records = [customer(_spelled(draw, person), f"s{person % SERIALS}", agreed, AGREED)]
    if draw.random() < 0.4:
        later = draw.choice([None, "", AGREED, TAKEN + 50])
        records.append(
            {**records[0], "shareWithResearchAsOfDate": later, "lastUpdateDate": AGREED + draw.choice([0, 7])}
        )
    return records + ([records[-1]] if draw.random() < 0.2 else [])


def _motion(draw: random.Random, person: int) -> dict[str, Any]:
    axes = {axis: draw.choice([-1.0, -0.0, 0.0, 1.0, "0.5"]) for axis in "xyz"}
    return {**motion(_spelled(draw, person), TAKEN + draw.randrange(400)), **axes}


def _spelled(draw: random.Random, person: int) -> str:
    address = f"Persön{person}@x.org"
    return draw.choice([address, address, address.upper(), f" {address}\t", address.lower()])


def _lines(records: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def _write(folder: Path, place: int, records: list[dict[str, Any]]) -> None:
    """One object for each way to write them."""
    texts = [json.dumps(record, ensure_ascii=place % 2 == 0) for record in records]
    if place == 0:
        (folder / "plain.json").write_text("\n".join(texts))
    elif place == 1:
        (folder / "run together.json").write_text("".join(texts), encoding="utf-8")
    elif place == 2:
        (folder / "array.json.gz").write_bytes(gzip.compress(("[" + ",\r\n".join(texts) + "]").encode()))
    elif place == 3:
        upper = [
            text.replace('"timestamp"', '"TIMESTAMP"').replace('"serialNumber"', '"SERIALNUMBER"') for text in texts
        ]
        (folder / "_hidden [1] ü.json").write_bytes(b"\xef\xbb\xbf" + "\n\n".join(upper).encode())
    elif place == 4:
        broken = ['{"user": null}', "null", '{"x": 1e999}', "\udcff", '{"nested": {"a": [1]}}', "}"]
        mixed = [text for pair in zip(texts, broken * len(texts), strict=False) for text in pair]
        (folder / "damaged.json").write_bytes("\n".join(mixed).encode("utf-8", "surrogateescape"))
    else:
        (folder / "cut.json").write_text(("\n".join(texts))[:-9])
