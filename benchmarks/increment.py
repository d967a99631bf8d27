"""A delivery of one per cent on top of a made-up zone: new customers, as many as that is, with their readings.

Here: writing it. Not here: bringing and measuring it (`contenders.product`).
"""

import math
from pathlib import Path

from benchmarks.data import with_readings
from stedi_assets.synthetic.marks import copied
from stedi_assets.synthetic.world import world

_SHARE = 0.01


def write_delivery(folder: Path, scale: float, number: int = 0) -> dict[str, Path]:
    """By source the file: as many whole copies of the world as one per cent is, and of one more some of the people.

    `number`: of this delivery; each is of people of its own.
    """
    lines = world()
    whole, rest = divmod(max(1, round(len(lines["customer"]) * scale * _SHARE)), len(lines["customer"]))
    first = math.ceil(scale) + number * (whole + 1)  # the zone and the deliveries before this one have those before it
    last = {source: [copied(line, first + whole) for line in of_source] for source, of_source in lines.items()}
    some = with_readings(last, last["customer"][:rest])
    written = {}
    for source, of_source in lines.items():
        copies = [copied(b"".join(of_source), first + copy) for copy in range(whole)]
        (folder / source).mkdir(parents=True)
        written[source] = folder / source / "new.json"
        written[source].write_bytes(b"".join([*copies, *some[source]]))
    return written
