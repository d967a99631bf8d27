"""When two addresses are one customer: they differ in case and in blanks around them, no more.

The one place that says so, for SQL (`customer_key`), for Python (`customer_key_of`) and, by BLANKS, for
`transforms.consent.customer_key`.
"""

# Every character that Unicode counts as white space, not the space alone: a tab behind an address must not make a
# withdrawn consent somebody else's.
BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
BLANKS += "\u2028\u2029\u202f\u205f\u3000"


def customer_key(column: str) -> str:
    """The SQL expression of a customer's key; null stays null and matches nothing."""
    return f"lower(btrim({column}, '{BLANKS}'))"


def customer_key_of(email: str) -> str:
    """The same in Python."""
    return email.strip(BLANKS).lower()
