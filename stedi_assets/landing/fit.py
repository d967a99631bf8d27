"""Whether one JSON object fits a contract: its members as typed values, or the first that does not fit.

Here: matching keys to columns, the types' rules, and what a date of this business is. Not here: where the object came
from (the contract's provenance columns are never read from JSON), and how objects are found (`split`, `objects`).

Rules. Keys match without regard to case (ASCII). Columns are judged in the contract's order, the first misfit counts.
- A text or number of more bytes than a value may have: `too_long`, before anything else is looked at.
- Absent, null, or blank: `missing` where required; else null (a string column keeps a blank string as it is).
- string: a string as it is, or an integer as its text.
- int, bigint, double: a number, or a string that is one as JSON writes them, blanks around it trimmed. 246.0 and
  24.6e1 are integers, true is no number.
- unit epoch_ms: a date of this business; 0 too where the column isn't required; where it is open-ended, also one far
  ahead or below zero.
- A field that is there more than once has to mean the same each time.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import NamedTuple

from stedi_assets.contracts.model import EARLIEST_EPOCH_MS, LATEST_EPOCH_MS, Column, Contract
from stedi_assets.contracts.provenance import PROVENANCE_NAMES
from stedi_assets.landing import reasons
from stedi_assets.landing.objects import Members, NumberText
from stedi_assets.landing.scan import INTEGER, NUMBER

EXTRA_FIELDS_MAX_CHARACTERS = 200
LIMITS = {"int": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1)}

_INTEGER = re.compile(INTEGER)
_NUMBER = re.compile(NUMBER)
_NOT_FINITE = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"})
_LONGEST_INTEGER = len(str(-(2**63)))


class Misfit(Exception):  # noqa: N818 - no error: a finding about the data
    """A value that does not fit its column. Carries a code of `reasons`, never the value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Fitted(NamedTuple):
    """What became of one object.

    values: one for each column that is read, in the contract's order; empty where the object doesn't fit.
    extra_fields: names that the contract doesn't know, None where none. reason, field: the misfit; None where it fits.
    """

    values: list[object]
    extra_fields: str | None
    reason: str | None
    field: str | None


def read_columns(contract: Contract) -> tuple[Column, ...]:
    """The contract's columns that are read from JSON: all but provenance."""
    return tuple(column for column in contract.columns if column.name not in PROVENANCE_NAMES)


class Fitter:
    """Fits objects to one contract."""

    def __init__(self, contract: Contract) -> None:
        self._columns = read_columns(contract)
        self._index = {column.name: index for index, column in enumerate(self._columns)}
        self._readers = [(column, _READERS[column.type]) for column in self._columns]

    def index_of(self, key: str) -> int | None:
        """Which of the columns that are read a key means, None if the contract doesn't know it."""
        index = self._index.get(key)
        if index is None and key.isascii():  # the Kelvin sign's lower case is a k
            index = self._index.get(key.lower())
        return index

    def find_too_long(self, members: Members, max_value_bytes: int) -> str | None:
        """Return the first column with a text or number of more bytes (as UTF-8), whatever its type; None without one.

        Call it before `fit`, to which such a value may cost quadratic time.
        """
        indexes = {
            self.index_of(key)
            for key, value in members
            if isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > max_value_bytes
        }
        return next((column.name for index, column in enumerate(self._columns) if index in indexes), None)

    def fit(self, members: Members) -> Fitted:
        """The members of one object as a row's values, or why they are none."""
        found: list[object] = [None] * len(self._columns)
        seen: set[int] = set()
        repeated: dict[int, list[object]] = {}
        extra: set[str] = set()
        for key, value in members:
            index = self.index_of(key)
            if index is None:
                extra.add(key)
            elif index in seen:
                repeated.setdefault(index, [found[index]]).append(value)
            else:
                seen.add(index)
                found[index] = value
        values: list[object] = []
        for index, (column, read) in enumerate(self._readers):
            try:
                if index in repeated:
                    values.append(_read_repeated(repeated[index], column, read))
                else:
                    values.append(_read(found[index], column, read))
            except Misfit as misfit:
                return Fitted([], None, misfit.reason, column.name)
        return Fitted(values, _names(extra) if extra else None, None, None)


_Reader = Callable[[object, Column], object]


def _read(value: object, column: Column, read: _Reader) -> object:
    """The value as its column holds it. A reader gives None for what is blank."""
    result = None if value is None else read(value, column)
    if result is None and column.required:
        raise Misfit(reasons.MISSING)
    return result


def _read_repeated(values: list[object], column: Column, read: _Reader) -> object:
    """The one value of a field that is there more than once: all the same as written, or all the same as read."""
    first = values[0]
    if all(type(value) is type(first) and value == first for value in values):
        return _read(first, column, read)
    try:
        results = [_read(value, column, read) for value in values]
    except Misfit:
        raise Misfit(reasons.CONFLICTING) from None
    if any(result != results[0] for result in results):
        raise Misfit(reasons.CONFLICTING)
    return results[0]


def _string(value: object, column: Column) -> str | None:
    if type(value) is NumberText and _INTEGER.fullmatch(value):
        return str(value)
    if type(value) is not str:
        raise Misfit(reasons.WRONG_TYPE)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # a lone surrogate, escaped in the JSON: Arrow can't hold it
            raise Misfit(reasons.NOT_UTF8) from None
    return value if value.strip() or not column.required else None


def _double(value: object, _: Column) -> float | None:
    text = _number_text(value)
    if text is None:
        return None
    number = float(text)
    if not math.isfinite(number):
        raise Misfit(reasons.NOT_FINITE)
    return number


def _whole_number(value: object, column: Column) -> int | None:
    text = _number_text(value)
    if text is None:
        return None
    number = _integer_of(text)
    least, most = LIMITS[column.type]
    if not least <= number <= most:
        raise Misfit(reasons.OUT_OF_RANGE)
    if column.unit == "epoch_ms" and not _is_date(number, column):
        raise Misfit(reasons.OUT_OF_RANGE)
    return number


def _is_date(number: int, column: Column) -> bool:
    if column.open_ended and (number < 0 or number >= LATEST_EPOCH_MS):
        return True
    is_kept_zero = number == 0 and not column.required  # it says that there is no date
    return is_kept_zero or EARLIEST_EPOCH_MS <= number < LATEST_EPOCH_MS


def _boolean(value: object, _: Column) -> bool:
    if not isinstance(value, bool):
        raise Misfit(reasons.WRONG_TYPE)
    return value


_READERS: dict[str, _Reader] = {
    "string": _string,
    "int": _whole_number,
    "bigint": _whole_number,
    "double": _double,
    "boolean": _boolean,
}


def _number_text(value: object) -> str | None:
    """A number as JSON writes it (or NaN, Infinity), None for a blank string. Raises Misfit."""
    if type(value) is NumberText:
        return value
    if type(value) is not str:
        raise Misfit(reasons.WRONG_TYPE)
    trimmed = value.strip()
    if trimmed and not _NUMBER.fullmatch(trimmed):
        raise Misfit(reasons.NOT_FINITE if trimmed.lower() in _NOT_FINITE else reasons.WRONG_TYPE)
    return trimmed or None


def _integer_of(text: str) -> int:
    """The integer that a number's text stands for, exactly: 1655564444103.0000001 is none, though its float is."""
    if _INTEGER.fullmatch(text):
        if len(text) > _LONGEST_INTEGER:  # JSON has no leading zeros; int() refuses some thousand digits
            raise Misfit(reasons.OUT_OF_RANGE)
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise Misfit(reasons.NOT_FINITE)
    if abs(number) > 2**63:
        raise Misfit(reasons.OUT_OF_RANGE)
    try:
        exact = Decimal(text)
    except DecimalException:  # an exponent of twenty digits
        raise Misfit(reasons.WRONG_TYPE) from None
    if exact != exact.to_integral_value():
        raise Misfit(reasons.WRONG_TYPE)
    return int(exact)


def _names(extra: set[str]) -> str:
    """Names of fields for people to read: what UTF-8 can't hold stands as \\uNNNN."""
    listed = ",".join(sorted(extra))[:EXTRA_FIELDS_MAX_CHARACTERS]
    return listed.encode("utf-8", "backslashreplace").decode("utf-8")[:EXTRA_FIELDS_MAX_CHARACTERS]
