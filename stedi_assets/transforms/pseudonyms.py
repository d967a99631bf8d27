"""Pseudonyms: keyed hashes in the place of addresses and serials, computed in the engine.

Here: HMAC-SHA256 without a UDF, equal to `keys.keyed_hash`, and the ids made with it. Not here: where the key comes
from (`keys`), which table has which id.

The key is data: one row, joined in. As a literal it, or the pads that are as good as it, would show in every query
plan.
"""

import hashlib

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

SUBJECT, DEVICE = "subject", "device"
_BLOCK_BYTES = 64
_PADS = "inner_pad string, outer_pad string"


def key_frame(spark: SparkSession, key: bytes) -> DataFrame:
    """The key as a one-row table (schema _PADS, hexadecimal), to be cross-joined to what is hashed."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    pads = tuple(bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    return spark.createDataFrame([pads], _PADS)


def keyed_hash(domain: str, text: Column) -> Column:
    """64 hexadecimal digits; null stays null. Needs the key frame's columns."""
    message = F.encode(F.concat(F.lit(f"{domain}:"), text), "utf-8")
    inner = F.sha2(F.concat(F.unhex("inner_pad"), message), 256)
    return F.sha2(F.concat(F.unhex("outer_pad"), F.unhex(inner)), 256)


def with_pseudonyms(rows: DataFrame, key: DataFrame, **ids: tuple[str, Column]) -> DataFrame:
    """The rows with one column per id, given as (domain, text): subject_id=(SUBJECT, customer_key(email))."""
    keyed = rows.crossJoin(F.broadcast(key))
    for name, (domain, text) in ids.items():
        keyed = keyed.withColumn(name, keyed_hash(domain, text))
    return keyed.drop("inner_pad", "outer_pad")
