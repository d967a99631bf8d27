"""The parts of a landed record that an erasure takes out of it, where the record has parts of several people.

Contains finding these parts and cutting them out of the object's text. For whole records, see `raw_objects`.
"""

import numpy as np

from stedi_assets.contracts.model import Contract
from stedi_assets.erasure.fields import byte_pieces, says_nothing
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.landing.split import Record


def own_spans(text: bytes, record: Record, contract: Contract, suppression: Suppression) -> list[tuple[int, int]]:
    """Return the spans of a record that does not fit which are an erased person's own: all of it, parts, or none."""
    content = text[record.start : record.stop]
    if not suppression.mentioned_in(content.decode("utf-8", "backslashreplace")):
        return []
    parts = byte_pieces(content)
    is_own = suppression.own_pieces([part.decode("utf-8", "backslashreplace") for part in parts], contract)
    left = b"".join(part for part, own in zip(parts, is_own, strict=True) if not own)
    if any(is_own) and says_nothing(left.decode("latin-1")):
        return [(record.start, record.stop)]
    ends = record.start + np.cumsum([len(part) for part in parts])
    return [(int(end) - len(part), int(end)) for part, end, own in zip(parts, ends, is_own, strict=True) if own]


def cut(text: bytes, cuts: list[tuple[int, int]]) -> bytes:
    """The text without these parts of damaged stretches. What follows each begins a line: so it is no part of what is
    before it, and ends the stretch or stays in it as before."""
    kept = bytearray()
    position = 0
    for begin, end in cuts:
        kept += text[position:begin]
        if kept and not kept.endswith(b"\n"):
            kept += b"\n"
        position = end
    return bytes(kept + text[position:])
