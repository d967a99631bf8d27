"""When two addresses are one customer: they differ in case and in blanks around them, no more.

Contains the rule for SQL (`customer_key`) and for Python (`customer_key_of`). The rules of `transforms.consent` and,
for DuckDB, of `insight.sql` are made of the same constants. All four give the same key for every text, whatever version
of Unicode the engine or Python has.
"""

# Every character that Unicode counts as white space, not the space alone: a tab behind an address must not make a
# withdrawn consent somebody else's.
BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
BLANKS += "\u2028\u2029\u202f\u205f\u3000"
# Characters of no width that come along when an address is copied: the byte order mark is one of them.
BLANKS += "\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

# First and last capital, first small letter. Added since Unicode 13, which the Java of Spark 3.5 has: Python 3.11 has
# 14.0, Spark 4.1 has 16.0, the embedded engine and DuckDB have 17.0.
_NEW_LETTERS = (
    (0x1C89, 0x1C89, 0x1C8A),
    (0x2C2F, 0x2C2F, 0x2C5F),
    (0xA7C0, 0xA7C0, 0xA7C1),
    (0xA7CB, 0xA7CB, 0x0264),
    (0xA7CC, 0xA7CC, 0xA7CD),
    (0xA7CE, 0xA7CE, 0xA7CF),
    (0xA7D0, 0xA7D0, 0xA7D1),
    (0xA7D2, 0xA7D2, 0xA7D3),
    (0xA7D4, 0xA7D4, 0xA7D5),
    (0xA7D6, 0xA7D6, 0xA7D7),
    (0xA7D8, 0xA7D8, 0xA7D9),
    (0xA7DA, 0xA7DA, 0xA7DB),
    (0xA7DC, 0xA7DC, 0x019B),
    (0x10570, 0x1057A, 0x10597),
    (0x1057C, 0x1058A, 0x105A3),
    (0x1058C, 0x10592, 0x105B3),
    (0x10594, 0x10595, 0x105BB),
    (0x10D50, 0x10D65, 0x10D70),
    (0x16EA0, 0x16EB8, 0x16EBB),
)
# A capital sigma becomes one of two small ones, by what is around it: not in DuckDB, elsewhere by the Unicode version.
CAPITALS = "\u03a3\u03c2" + "".join(chr(code) for first, last, _ in _NEW_LETTERS for code in range(first, last + 1))
SMALLS = "\u03c3\u03c3" + "".join(
    chr(code - first + small) for first, last, small in _NEW_LETTERS for code in range(first, last + 1)
)
_TRANSLATION = str.maketrans(CAPITALS, SMALLS)


def customer_key(column: str) -> str:
    """The SQL expression of a customer's key; null stays null and matches nothing."""
    return f"lower(btrim(translate({column}, '{CAPITALS}', '{SMALLS}'), '{BLANKS}'))"


def customer_key_of(email: str) -> str:
    """The same in Python."""
    return email.translate(_TRANSLATION).strip(BLANKS).lower()


def former_key_of(email: str) -> str:
    """The key by the rule before, Python's own lower(): a list of erasures may have been made by it."""
    return email.strip(BLANKS).lower()
