"""What a worker finds in objects beside their rows, on its way into files: what an engine takes from a task is rows.

Here: the files. Not here: what is found (`transforms.landing`), and who reads and deletes them (`building.landing`).

A task that an engine does again reads the same objects in the order of their keys, and writes the same files again.
"""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq

from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.objects import put_object

# Of what is in quarantine the text is among them.
MOST_BYTES = 16 * 2**20
# What is counted in an object is a batch of one row, which takes many times what is in it.
MOST_BATCHES = 1000


class Findings:
    """The findings of one task, in files below a folder (s3://BUCKET/...), named after the first object of it.

    Nobody may count on them before the task's rows were taken to the last.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._name = ""
        self._written = 0
        self._clear()

    def _clear(self) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0

    def add(self, found: pa.RecordBatch) -> None:
        """Findings with their `source` and `source_object`, as all of this folder's."""
        if not found.num_rows:
            return
        if not self._name:
            first = f"{found['source'][0]}/{found['source_object'][0]}"
            self._name = hashlib.sha256(first.encode("utf-8", "surrogateescape")).hexdigest()
        self._batches.append(found)
        self._bytes += found.nbytes
        if len(self._batches) > MOST_BATCHES:
            self._batches = [pa.concat_batches(self._batches)]
        if self._bytes >= MOST_BYTES:
            self.write()

    def write(self) -> None:
        """Writes what was added since the last time."""
        if not self._batches:
            return
        content = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_batches(self._batches), content)
        place = f"{self._folder}/{self._name}-{self._written}.parquet"
        put_object(store_client(), place, content.getvalue().to_pybytes())
        self._written += 1
        self._clear()
