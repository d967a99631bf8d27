"""The columns that every landing table ends with: from which bytes of which object a row was read.

Only these shared columns. A source's own fields stand in its table's contract.
"""

from stedi_assets.contracts.model import Column

SOURCE_OBJECT = Column(
    "source_object",
    "string",
    "Key of the S3 object that the row was read from.",
    personal=True,  # whoever delivers an object names it: an address can be its name
)
SOURCE_OFFSET = Column(
    "source_offset", "bigint", "Where the record begins in the (unpacked) object, counted from 0.", unit="bytes"
)
SOURCE_BYTES = Column(
    "source_bytes",
    "bigint",
    "Bytes of the (unpacked) object that the record accounts for: its own and the separators around it.",
    unit="bytes",
)
EXTRA_FIELDS = Column(
    "extra_fields",
    "string",
    "Names of fields that the object had and the contract does not know, comma-separated; null where none.",
    required=False,
    personal=True,  # whoever writes an object names its fields: an address can be one
)
PROVENANCE = (SOURCE_OBJECT, SOURCE_OFFSET, SOURCE_BYTES, EXTRA_FIELDS)
PROVENANCE_NAMES = tuple(column.name for column in PROVENANCE)
