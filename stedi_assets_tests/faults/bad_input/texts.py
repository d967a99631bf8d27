"""Files whose text is unusual: how objects stand in it, where it breaks, what it is packed and written in.

Points 1, 2, 3, 7, 8 and 9. Not here: objects whose fields do not fit (`fields`).
"""

import gzip
import json
import random

from stedi_assets_tests.faults.bad_input.case import Case, row, text
from stedi_assets_tests.support.lake import TAKEN, customer, motion, step

A, B, C = (text(user) for user in "abc")
ABC = (row("a"), row("b"), row("c"))
MARK = b"\xef\xbb\xbf"

_SEPARATORS = {
    "none": b"",
    "blank": b" ",
    "newline": b"\n",
    "CRLF": b"\r\n",
    "comma": b",",
    "comma and newline": b",\n",
    "tab": b"\t",
    "CR alone": b"\r",
    "one array each": b"]\n[",
    "arrays run together": b"][",
    "two commas": b",,",
}
_STRINGS = {
    "braces in a string": "x}{y",
    "an escaped quote and a brace": 'q"}{\\"',
    "a backslash at the end": "x\\",
    "an object in a string": '{"user":"inner"}',
    "letters beyond ASCII": "Zoë Ångström 😀",
    "line separators of Unicode": "a\u2028b\u2029c",
    "escaped control characters": "a\n\t\x00b",
}

WHOLE = (
    *(Case(1, f"separator {name}", separator.join((A, B, C)), ABC) for name, separator in _SEPARATORS.items()),
    Case(1, "one array", b"[" + b",".join((A, B, C)) + b"]", ABC),
    Case(1, "pretty", json.dumps([motion(user) for user in "abc"], indent=2).encode(), ABC),
    *(Case(1, name, text(user) + B, (row(user), row("b"))) for name, user in _STRINGS.items()),
    Case(1, "escaped letters", json.dumps(motion("Zoë 😀")).encode() + B, (row("Zoë 😀"), row("b"))),
    Case(1, "nested objects", text("a", n={"user": "inner", "m": [{"user": "x"}]}) + B, ABC[:2], extra=("n",)),
    Case(1, "a string of a megabyte", text("a", n="x" * 2**20) + B, ABC[:2], extra=("n",)),
    Case(
        1,
        "customers run together",
        b"".join(json.dumps(customer(f"{name}@bad", "}{", agreed=None)).encode() for name in "ab"),
        tuple((f"{name}@bad", "}{", 1_600_000_000_000, None) for name in "ab"),
        source="customer",
    ),
    Case(
        1,
        "steps run together",
        b"".join(json.dumps(step("bad")).encode() for _ in "ab"),
        ((TAKEN, "bad", 210),) * 2,
        source="step_trainer",
    ),
)

_CUTS = {
    "after the brace": b"{",
    "in a key": C[:5],
    "in a string": C[:10],
    "in a number": C[: C.index(b"165") + 4],
    "after a comma": C[: C.index(b",") + 1],
    "before the last brace": C[:-1],
}
CUT = (
    *(Case(2, f"cut {name}", A + b"\n" + B + b"\n" + cut, ABC[:2], ("damaged",)) for name, cut in _CUTS.items()),
    Case(2, "cut, then a whole line", A + b"\n" + B[:20] + b"\n" + C, (row("a"), row("c")), ("damaged",)),
    Case(2, "cut, then a whole object at once", A + B[:20] + C, (row("a"), row("c")), ("damaged",)),
    Case(2, "one brace too many", A + b"}\n" + B, ABC[:2], ("damaged",)),
    Case(2, "what may be nested is no row", b'{"a":[' + A + b"," + B, (), ("damaged",)),
    Case(2, "ten thousand levels", A + b'\n{"a":' + b"[" * 10_000 + b"\n" + B, (row("a"), row("b")), ("damaged",)),
    Case(2, "ten thousand levels, whole", A + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + B, ABC[:2], ("too_deep",)),
)

BLANK = (
    Case(3, "byte order mark", MARK + A + b"\n" + B, ABC[:2]),
    Case(3, "byte order marks in the middle", A + MARK + B + b"\n" + MARK + MARK + C, ABC),
    Case(3, "blank lines", b"\n\n" + A + b"\r\n \r\n\t\n" + B + b"\n\n", ABC[:2]),
    Case(3, "empty", b""),
    Case(3, "empty too", b"", source="customer"),
    Case(3, "blank lines alone", b" \r\n\n\t"),
    Case(3, "a byte order mark alone", MARK),
    Case(3, "an empty array", b"[]\n"),
)

_PACKED = gzip.compress(b"\n".join((A, B, C)))
_WRONG = _PACKED[:-6] + bytes([_PACKED[-6] ^ 1]) + _PACKED[-5:]
CODED = (
    Case(7, "not UTF-8", A + text("b").replace(b'"b"', b'"\xffb\xe9"') + C, (row("a"), row("c")), ("not_utf8",)),
    Case(7, "Latin-1", text("Zoë").decode().encode("latin-1") + B, (row("b"),), ("not_utf8",)),
    Case(7, "UTF-16", A.decode().encode("utf-16"), (), ("damaged",)),
    Case(7, "stray bytes", A + b"\n\xfe\xff\x00\n" + B, ABC[:2], ("damaged",)),
    Case(7, "a surrogate as bytes", text("b").replace(b'"b"', b'"\xed\xa0\x80"') + A, (row("a"),), ("not_utf8",)),
    Case(7, "a surrogate escaped", text("b").replace(b'"b"', b'"\\ud800"') + A, (row("a"),), ("not_utf8:user",)),
    Case(7, "a pair of surrogates", text("b").replace(b'"b"', b'"\\ud83d\\ude00"'), (row("😀"),)),
    Case(7, "an archive", b"PK\x03\x04\x14\x00" + bytes(99), (), ("damaged",)),
    Case(7, "gzip.json.gz", _PACKED, ABC),
    Case(7, "gzip of two members.json.gz", gzip.compress(A + B[:9]) + gzip.compress(B[9:] + C), ABC),
    Case(7, "gzip of nothing.json.gz", gzip.compress(b"")),
    Case(7, "gzip by another name.json", _PACKED, ABC),
    Case(7, "text by the name of gzip.json.gz", A + B + C, ABC),
    Case(7, "gzip cut.json.gz", _PACKED[:-9], (), ("damaged_gzip",)),
    Case(7, "gzip cut, by another name.json", _PACKED[:40], (), ("damaged_gzip",)),
    Case(7, "gzip with a wrong byte.json.gz", _WRONG, (), ("damaged_gzip",)),
    Case(7, "gzip, then text.json.gz", _PACKED + A, (), ("damaged_gzip",)),
    Case(7, "gzip in gzip.json.gz", gzip.compress(_PACKED), (), ("damaged",)),
)  # fmt: skip

_MANY = [motion(f"nine-{n % 7}", TAKEN + n, x=float(n)) for n in range(300)]
_ROWS = tuple(tuple(one.values()) for one in _MANY)
_ORDER = random.Random(9).sample(range(300), 300)


def _joined(separator: bytes, order: "list[int] | range") -> bytes:
    return separator.join(json.dumps(_MANY[n]).encode() for n in order)


AGAIN = (
    Case(8, "twice", A + B, ABC[:2]),
    Case(8, "twice, by another name", A + B, ABC[:2]),
    Case(9, "as written", _joined(b"\n", range(300)), _ROWS),
    Case(9, "shuffled", _joined(b"\n", _ORDER), tuple(_ROWS[n] for n in _ORDER)),
    Case(9, "joined into one line", _joined(b"", range(300)), _ROWS),
    Case(9, "shuffled, joined and packed", gzip.compress(_joined(b", ", _ORDER)), tuple(_ROWS[n] for n in _ORDER)),
    *(Case(9, f"part {n}", _joined(b"\n", range(n, 300, 3)), _ROWS[n::3]) for n in (2, 0, 1)),
)

TEXTS = (*WHOLE, *CUT, *BLANK, *CODED, *AGAIN)
