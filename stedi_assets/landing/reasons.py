"""Why a record is in quarantine: the codes of the column `reason`.

Only the codes. Who finds which: the first four concern the record as text (`unpack`, `split`), the fifth a whole object
(`fetch`), the others its fields (`fit`), and then the column `field` names the contract's column.
"""

DAMAGED_GZIP = "damaged_gzip"  # the object is gzip that is cut, broken, or followed by something else
DAMAGED = "damaged"  # a stretch of text that is no JSON value
NOT_AN_OBJECT = "not_an_object"  # whole JSON, but a number, a string, true, false or null
TOO_DEEP = "too_deep"  # a whole object, nested deeper than anything this data needs

UNREADABLE = "unreadable"  # the store has the object and cannot return what it holds

NOT_UTF8 = "not_utf8"  # bytes that are not UTF-8 (no field), or a value that no UTF-8 text can hold (lone surrogate)
MISSING = "missing"  # a required field is absent, null or blank
WRONG_TYPE = "wrong_type"  # not what the column's type takes
NOT_FINITE = "not_finite"  # NaN, infinite, or too large for any number here
OUT_OF_RANGE = "out_of_range"  # outside the type's range, or not a date of this business
CONFLICTING = "conflicting"  # the field is there more than once, with different values
