"""The Iceberg field ids that data files carry. Only that no file is published whose ids are not the table's.

By its ids alone a reader finds a column in a file: under another column's id the one is read as the other.
"""

from collections.abc import Iterable

import pyarrow.parquet as pq
from pyiceberg.io import FileIO
from pyiceberg.schema import Schema

from stedi_assets.lakehouse.publication import PublicationRefusedError

_FIELD_ID = b"PARQUET:field_id"


def refuse_other_ids(io: FileIO, schema: Schema, paths: Iterable[str]) -> None:
    """Raises PublicationRefusedError for a file with other field ids than the schema. One with none has the names."""
    wanted = {field.name: field.field_id for field in schema.fields}
    for path in paths:
        found = _field_ids(io, path)
        wrong = {name: number for name, number in found.items() if number != wanted.get(name)}
        if wrong and any(number is not None for number in found.values()):
            expected = {name: wanted.get(name) for name in wrong}
            raise PublicationRefusedError(
                f"{path} was expected to have the table's field ids {expected}, and has {wrong}; nothing was "
                "published: run again, and let nothing else change the table's columns meanwhile"
            )


def _field_ids(io: FileIO, path: str) -> dict[str, int | None]:
    """The field id of each column of the file, None where it has none."""
    with io.new_input(path).open() as stream:
        schema = pq.read_schema(stream)
    numbers = {field.name: (field.metadata or {}).get(_FIELD_ID) for field in schema}
    return {name: int(number) if number else None for name, number in numbers.items()}
