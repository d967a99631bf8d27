"""Objects whose fields are unusual: spelt otherwise, missing, unknown, of another type, out of range.

Points 4, 5, 6 and, of records that are nobody's, 13. Not here: text that is no object (`texts`).
"""

import json

from stedi_assets_tests.faults.bad_input.case import Case, row, text, written
from stedi_assets_tests.support.lake import AGREED, TAKEN, customer, step


def _again(member: str, user: str = "u") -> bytes:
    """A reading with one more member."""
    return text(user)[:-1] + f", {member}}}".encode()


_SPELT = {
    "timeStamp": text().replace(b"timestamp", b"timeStamp"),
    "TIMESTAMP": text().replace(b"timestamp", b"TIMESTAMP"),
    "escaped letters of a key": text().replace(b"timestamp", b"time\\u0053tamp"),
    "every key in capitals": text().replace(b'"user"', b'"USER"').replace(b'"x"', b'"X"').replace(b'"z"', b'"Z"'),
    "two spellings of one value": _again(f'"timeStamp": {TAKEN}'),
    "two spellings, one as text": _again(f'"timeStamp": "{TAKEN}"'),
    "a key twice with one value": _again('"x": 0.0'),
}
SPELT = (
    *(Case(4, name, content, (row(),)) for name, content in _SPELT.items()),
    Case(4, "two spellings, two values", _again(f'"timeStamp": {TAKEN + 1}'), (), ("conflicting:timestamp",)),
    Case(4, "a key twice, two values", _again('"x": 5'), (), ("conflicting:x",)),
    Case(4, "a key twice, once null", _again('"user": null'), (), ("conflicting:user",)),
)

_NO_ROWS = {
    "null": (b"null", "not_an_object"),
    "a number": (b"42", "not_an_object"),
    "a text": (b'"x}{y"', "not_an_object"),
    "true": (b"true", "not_an_object"),
    "NaN": (b"NaN", "not_an_object"),
    "an empty object": (b"{}", "missing:user"),
    "a key without value": (b'{"user"}', "damaged"),
    "no user": (text().replace(b'"user": "u", ', b""), "missing:user"),
    "user null": (text(None), "missing:user"),
    "user blank": (text(" \t"), "missing:user"),
    "user an object": (written("user", '{"a": 1}'), "wrong_type:user"),
    "user a list": (written("user", '["u"]'), "wrong_type:user"),
    "no timestamp": (text().replace(b'"timestamp"', b'"time"'), "missing:timestamp"),
    "x null": (text(x=None), "missing:x"),
    "y blank": (text(y=""), "missing:y"),
    "z an object": (text(z={}), "wrong_type:z"),
}
NO_ROWS = (
    *(Case(5, name, text("a") + content + text("b"), (row("a"), row("b")), (reason,))
      for name, (content, reason) in _NO_ROWS.items()),
    Case(5, "numbers in an array", b"[1, 2]", (), ("not_an_object",) * 2),
    Case(5, "unknown fields", text(more=1, other={"user": "x"}), (row(),), extra=("more,other",)),
    Case(5, "columns of ours as fields", text(source_object="x", extra_fields=1), (row(),),
         extra=("extra_fields,source_object",)),
    Case(5, "step without serial", json.dumps({"sensorReadingTime": TAKEN, "distanceFromObject": 1}).encode(), (),
         ("missing:serialnumber",), "step_trainer"),
    Case(5, "customer without update", json.dumps({"email": "five@bad", "serialNumber": "five"}).encode(), (),
         ("missing:lastupdatedate",), "customer"),
)  # fmt: skip

_READ = {
    "a number as text": ("x", '" 1.5 "', row(x=1.5)),
    "with an exponent": ("x", "15e-1", row(x=1.5)),
    "exact to the last digit": ("x", "0.30000000000000004", row(x=0.30000000000000004)),
    "below the smallest": ("x", "1e-999", row(x=0.0)),
    "a time as text": ("timestamp", f'"{TAKEN}"', row()),
    "a time with a point": ("timestamp", f"{TAKEN}.0", row()),
    "a time with an exponent": ("timestamp", "1.65e12", row()),
    "the first of the century": ("timestamp", "946684800000", row(timestamp=946_684_800_000)),
    "the last of the century": ("timestamp", "4102444799999", row(timestamp=4_102_444_799_999)),
    "a user that is a number": ("user", "12345678901234567890", row("12345678901234567890")),
}
_UNREAD = {
    "NaN in x": ("x", "NaN", "not_finite:x"),
    "Infinity in y": ("y", "Infinity", "not_finite:y"),
    "minus Infinity in z": ("z", "-Infinity", "not_finite:z"),
    "NaN as text": ("x", '"nan"', "not_finite:x"),
    "1e999": ("x", "1e999", "not_finite:x"),
    "1e999 as text": ("x", '"1e999"', "not_finite:x"),
    "five thousand digits": ("x", "7" * 5_000, "not_finite:x"),
    "no number": ("x", '"0x1F"', "wrong_type:x"),
    "digits that are not ASCII": ("x", '"\u0661"', "wrong_type:x"),
    "true as a number": ("x", "true", "wrong_type:x"),
    "a time in words": ("timestamp", '"yesterday"', "wrong_type:timestamp"),
    "a time below zero": ("timestamp", f"-{TAKEN}", "out_of_range:timestamp"),
    "a time in seconds": ("timestamp", str(TAKEN // 1000), "out_of_range:timestamp"),
    "a time of no date": ("timestamp", "0", "out_of_range:timestamp"),
    "the year 2100": ("timestamp", "4102444800000", "out_of_range:timestamp"),
    "more than 64 bits": ("timestamp", "9223372036854775808", "out_of_range:timestamp"),
    "a time of five thousand digits": ("timestamp", "1" * 5_000, "out_of_range:timestamp"),
    "a time with a fraction": ("timestamp", f"{TAKEN}.5", "wrong_type:timestamp"),
    "a time of 1e999": ("timestamp", "1e999", "not_finite:timestamp"),
    "a user of 65,537 letters": ("user", f'"{"u" * 65_537}"', "too_long:user"),
    "seventy thousand digits": ("x", "7" * 70_000, "too_long:x"),
    "an exponent of twenty digits": ("timestamp", "1e-99999999999999999999", "wrong_type:timestamp"),
}
_ROUND = text("around")


def _distance(value: str) -> bytes:
    return json.dumps(step("six", distance=0)).replace(": 0}", f": {value}}}").encode()


NUMBERS = (
    # Among many that are plain, for which there is a path of its own.
    *(Case(6, name, _ROUND * 300 + written(field, value) + _ROUND, (row("around"),) * 300 + (found, row("around")))
      for name, (field, value, found) in _READ.items()),
    *(Case(6, name, _ROUND * 300 + written(field, value) + _ROUND, (row("around"),) * 301, (reason,))
      for name, (field, value, reason) in _UNREAD.items()),
    Case(6, "numbers that are alone", b"".join(written(f, v) for f, v, _ in _UNREAD.values()), (),
         tuple(reason for _, _, reason in _UNREAD.values())),
    Case(6, "distances", b"".join(map(_distance, ("246.0", '"7"', "2147483647"))),
         tuple((TAKEN, "six", n) for n in (246, 7, 2**31 - 1)), (), "step_trainer"),
    Case(6, "no distances", b"".join(map(_distance, ("2147483648", "0.5", "NaN", "[1]"))), (),
         tuple(f"{why}:distancefromobject" for why in ("out_of_range", "wrong_type", "not_finite", "wrong_type")),
         "step_trainer"),
    Case(6, "a consent in seconds", json.dumps(customer("six@bad", "six", AGREED // 1000)).encode(), (),
         ("out_of_range:sharewithresearchasofdate",), "customer"),
)  # fmt: skip

NOBODYS = (
    Case(13, "email null", json.dumps(customer("x", "thirteen") | {"email": None}).encode(), (),
         ("missing:email",), "customer"),
    Case(13, "email blank", json.dumps(customer("\u00a0 ", "thirteen")).encode(), (), ("missing:email",), "customer"),
    Case(13, "serial null", json.dumps(step("x") | {"serialNumber": None}).encode(), (),
         ("missing:serialnumber",), "step_trainer"),
    Case(13, "serial blank", json.dumps(step(" ")).encode(), (), ("missing:serialnumber",), "step_trainer"),
    Case(13, "user null", written("user", "null"), (), ("missing:user",)),
)  # fmt: skip

FIELDS = (*SPELT, *NO_ROWS, *NUMBERS, *NOBODYS)
