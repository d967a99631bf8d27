"""A delivery of one per cent on top of a made-up zone: new customers, as many as that is, with their readings.

Here: writing it. Not here: bringing and measuring it (`contenders.product`).
"""

from pathlib import Path

from benchmarks.data import with_readings
from stedi_assets.synthetic.marks import copied
from stedi_assets.synthetic.world import world

_COPIES_A_PER_CENT = 100  # a delivery on top of that many copies is one copy


def write_delivery(folder: Path, scale: int) -> dict[str, Path]:
    """By source the file: as many whole copies of the world as one per cent is, and of one more some of the people."""
    whole, rest = divmod(scale, _COPIES_A_PER_CENT)
    lines = world()
    some = with_readings(lines, lines["customer"][: len(lines["customer"]) * rest // _COPIES_A_PER_CENT])
    written = {}
    for source, of_source in lines.items():
        copies = [copied(b"".join(of_source), scale + copy) for copy in range(whole)]
        copies.append(copied(b"".join(some[source]), scale + whole))
        (folder / source).mkdir(parents=True)
        written[source] = folder / source / "new.json"
        written[source].write_bytes(b"".join(copies))
    return written
