"""Every character there is, in texts that show by what rule an engine makes a customer's key of an address."""

import sys
from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stedi_assets.contracts.customer_key import BLANKS, customer_key, customer_key_of
from stedi_assets.transforms import consent

_PER_TEXT = 256


def every_character() -> Iterator[str]:
    """But for the surrogates, which no UTF-8 text can hold."""
    return (chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)


def texts() -> list[str]:
    """Every character between sigmas, whose small form depends on what is around them; and the blanks around an
    address."""
    shown = [*every_character()]
    many = ["Σ".join(("", *shown[place : place + _PER_TEXT], "")) for place in range(0, len(shown), _PER_TEXT)]
    return [*many, *(f"{blank}ΝΙΚΟΣ@X.org{blank}" for blank in f"{BLANKS}x\u00ad")]


def keys_in(spark: SparkSession, given: Sequence[str]) -> list[list[str]]:
    """By the transforms' rule and by the recounts', in order."""
    frame = spark.createDataFrame(pa.table({"place": range(len(given)), "email": given}))
    keys = (consent.customer_key(F.col("email")), F.expr(customer_key("email")))
    found = frame.select("place", keys[0].alias("one"), keys[1].alias("other")).toArrow().sort_by("place")
    return [found["one"].to_pylist(), found["other"].to_pylist()]


def differing(keys: Sequence[str], given: Sequence[str]) -> list[str]:
    """The characters at which a key is another than Python's, by number."""
    return [
        f"{ord(character):x}"
        for key, text in zip(keys, given, strict=True)
        if key != (expected := customer_key_of(text))
        for one, other, character in zip(f"{key} ", f"{expected} ", f"{text} ", strict=False)
        if one != other
    ] or [key for key, text in zip(keys, given, strict=True) if key != customer_key_of(text)]
