"""What an object's fields have to become, by the words of the contract alone: nothing of the product's is used.

Here: the columns of the three sources as the data contract lists them, and the rules of their types. Not here: where
objects begin and end (`tokenizer`).
"""

import json
import math
import re
from fractions import Fraction
from typing import Any, NamedTuple

DEEPEST, LONGEST_NAMES, LONGEST_VALUE = 200, 200, 65_536
_YEAR_2000, _YEAR_2100 = 946_684_800_000, 4_102_444_800_000
_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_NAMES_OF_NONE = {"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}
# Column: kind, and whether a row needs it. In the order of the contract: the first that does not fit is named.
FIELDS = {
    "customer": {
        **dict.fromkeys(("customername", "phone", "birthday", "serialnumber"), ("text", False)),
        "email": ("text", True),
        **dict.fromkeys(("registrationdate", "sharewithpublicasofdate", "sharewithfriendsasofdate"), ("date", False)),
        "lastupdatedate": ("date", True),
        "sharewithresearchasofdate": ("any date", False),
    },
    "accelerometer": {"user": ("text", True), "timestamp": ("date", True), **dict.fromkeys("xyz", ("double", True))},
    "step_trainer": {
        "sensorreadingtime": ("date", True),
        "serialnumber": ("text", True),
        "distancefromobject": ("int", True),
    },
}


class Number(str):
    """A number as it is written."""


class Unfit(Exception):  # noqa: N818 - a finding
    """Carries the reason."""


class Outcome(NamedTuple):
    """values: of a row, by column; else empty, and why: reason or reason:field."""

    values: dict[str, Any]
    extra: str | None
    why: str | None


def outcome(raw: bytes, source: str, order: tuple[str, ...]) -> Outcome:
    """What a whole object has to become. `order`: the contract's columns."""
    if _depth(raw) > DEEPEST:
        return Outcome({}, None, "too_deep")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return Outcome({}, None, "not_utf8")
    named: dict[str, Any] = {"parse_int": Number, "parse_float": Number, "parse_constant": Number}
    pairs = json.loads(text, object_pairs_hook=lambda found: ("object", found), **named)[1]
    lowered = [(name.lower() if name.isascii() else name, name, value) for name, value in pairs]
    for column in order:
        texts = [value for known, _, value in lowered if known == column and isinstance(value, str)]
        if any(len(value.encode("utf-8", "surrogatepass")) > LONGEST_VALUE for value in texts):
            return Outcome({}, None, f"too_long:{column}")
    values: dict[str, Any] = {}
    for column in order:
        kind, is_needed = FIELDS[source][column]
        try:
            values[column] = _one([value for known, _, value in lowered if known == column], kind, is_needed)
        except Unfit as unfit:
            return Outcome({}, None, f"{unfit.args[0]}:{column}")
    extra = sorted({name for known, name, _ in lowered if known not in FIELDS[source]})
    names = ",".join(extra)[:LONGEST_NAMES].encode("utf-8", "backslashreplace").decode()[:LONGEST_NAMES]
    return Outcome(values, names if extra else None, None)


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for sign in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", raw):
        depth += (sign in b"{[") - (sign in b"}]")
        deepest = max(deepest, depth)
    return deepest


def _one(found: list[Any], kind: str, is_needed: bool) -> Any:
    if len(found) > 1 and any(repr(type(one)) + repr(one) != repr(type(found[0])) + repr(found[0]) for one in found):
        try:
            read = [_typed(one, kind, is_needed) for one in found]
        except Unfit:
            raise Unfit("conflicting") from None
        if any(one != read[0] for one in read):
            raise Unfit("conflicting")
        return read[0]
    return _typed(found[0] if found else None, kind, is_needed)


def _typed(value: Any, kind: str, is_needed: bool) -> Any:
    read = None if value is None else _text(value, is_needed) if kind == "text" else _number(value, kind, is_needed)
    if read is None and is_needed:
        raise Unfit("missing")
    return read


def _text(value: Any, is_needed: bool) -> str | None:
    if isinstance(value, Number) and re.fullmatch(r"-?[0-9]+", value):
        return str(value)
    if not isinstance(value, str) or isinstance(value, Number):
        raise Unfit("wrong_type")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise Unfit("not_utf8")
    return None if is_needed and not value.strip() else value


def _number(value: Any, kind: str, is_needed: bool) -> float | int | None:
    if not isinstance(value, str):
        raise Unfit("wrong_type")
    text = value.strip()
    if not text:
        return None
    if text.lower() in _NAMES_OF_NONE:
        raise Unfit("not_finite")
    match = _NUMBER.fullmatch(text)
    if not match:
        raise Unfit("wrong_type")
    if kind == "double":
        if math.isinf(float(text)):
            raise Unfit("not_finite")
        return float(text)
    return _integer(text, match, kind, is_needed)


def _integer(text: str, match: "re.Match[str]", kind: str, is_needed: bool) -> int:
    _, _, fraction, exponent = match.groups()
    if fraction is None and exponent is None:
        if len(text) > 25:
            raise Unfit("out_of_range")
        exact = Fraction(text)
    else:
        if math.isinf(float(text)):
            raise Unfit("not_finite")
        if abs(float(text)) > 2**63:
            raise Unfit("out_of_range")
        exact = Fraction(text) if len(exponent or "") < 5 else Fraction(1, 3)
    if exact.denominator != 1:
        raise Unfit("wrong_type")
    number = int(exact)
    if kind == "int":
        fits = -(2**31) <= number < 2**31
    else:
        is_open = kind == "any date" and (number < 0 or number >= _YEAR_2100) and -(2**63) <= number < 2**63
        fits = _YEAR_2000 <= number < _YEAR_2100 or is_open or (number == 0 and not is_needed)
    if not fits:
        raise Unfit("out_of_range")
    return number
