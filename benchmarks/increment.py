"""A delivery of one per cent on top of a made-up zone: whole new customers, as many as that is, with their readings.

Here: writing it. Not here: bringing and measuring it (`contenders.product`).
"""

from pathlib import Path

from stedi_assets.synthetic.marks import copied
from stedi_assets.synthetic.world import world

_COPIES_A_PER_CENT = 100  # a delivery on top of that many copies is one copy


def write_delivery(folder: Path, scale: int) -> dict[str, Path]:
    """By source the file: as many whole copies of the world as one per cent is, and of one more the first part."""
    written = {}
    for source, lines in world().items():
        (folder / source).mkdir(parents=True)
        wanted, text = len(lines) * scale // _COPIES_A_PER_CENT, b""
        for copy in range(scale, scale + scale // _COPIES_A_PER_CENT + 1):
            text += copied(b"".join(lines[:wanted]), copy)
            wanted = max(0, wanted - len(lines))
        written[source] = folder / source / "new.json"
        written[source].write_bytes(text)
    return written
