"""Marks in a world's text in place of what differs from copy to copy, and what they become.

Replacing a few marks in megabytes of text is what makes many copies cheap: nothing is formatted again.
"""

TIME, COPY, BATCH = "<time>", "<copy>", "<batch>"

# A timestamp is six digits of its copy's and seven of its own, so a world lasts 10,000 seconds at most.
TIME_WITHIN_WORLD = 10_000_000
FIRST_TIME = 168_000  # 2023-03-28
MOST_COPIES = 8_000  # the last one is in December 2025; later ones would be in the future


def timestamp(time: int) -> str:
    """A time of the world, of any copy."""
    return f"{TIME}{time:07d}"


def copied(text: bytes, copy: int) -> bytes:
    """The world's text as it is in this copy, counted from 0."""
    batch = (0x1D7A + 0x9E37 * copy) & 0xFFFF  # an odd factor: 65,536 copies before one repeats
    text = text.replace(TIME.encode(), b"%d" % (FIRST_TIME + copy))
    text = text.replace(COPY.encode(), b".%d" % (copy + 1) if copy else b"")
    return text.replace(BATCH.encode(), b"%04x" % batch)
