"""How PyIceberg reads and writes what tells of a table's files: each object as a whole, in one request, and once.

Here: manifests and lists of manifests, which Iceberg never changes once they are written, and never gives a name twice.
Not here: data files and whatever else, which are PyArrow's to read; the catalog (`catalog`).

PyArrow asks for an object's size before it reads one and begins an upload in parts for each that it writes: three
requests for one, and a publication reads the same manifests three times.
"""

import threading
from io import BytesIO
from typing import Any

from cachetools import LRUCache
from pyiceberg.io import S3_ENDPOINT, InputFile, OutputFile
from pyiceberg.io.pyarrow import PyArrowFileIO

from stedi_assets.lakehouse import objects
from stedi_assets.lakehouse.client import store_client

_MOST_KEPT_BYTES = 64 * 2**20
_kept: "LRUCache[tuple[str | None, str], bytes]" = LRUCache(_MOST_KEPT_BYTES, getsizeof=len)
_keeping = threading.Lock()  # PyIceberg reads manifests side by side


class MetadataIO(PyArrowFileIO):
    """PyIceberg's own, but for metadata."""

    def new_input(self, location: str) -> Any:
        return self._whole(location) if _is_manifest(location) else super().new_input(location)

    def new_output(self, location: str) -> Any:
        return self._whole(location) if _is_manifest(location) else super().new_output(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        name = location if isinstance(location, str) else location.location
        with _keeping:
            _kept.pop((self.properties.get(S3_ENDPOINT), name), None)
        super().delete(location)

    def _whole(self, location: str) -> "_Whole":
        return _Whole(location, self.properties.get(S3_ENDPOINT))


def _is_manifest(location: str) -> bool:
    return location.startswith("s3://") and location.endswith(".avro")


class _Whole(InputFile, OutputFile):
    """An object that is written once, and read as a whole."""

    def __init__(self, location: str, endpoint: str | None) -> None:
        super().__init__(location)
        self._key = (endpoint, location)
        self._client = store_client(endpoint)

    def __len__(self) -> int:
        return len(self._content())

    def exists(self) -> bool:
        try:
            self._content()
        except FileNotFoundError:
            return False
        return True

    def open(self, seekable: bool = True) -> BytesIO:  # noqa: ARG002 - it always is
        return BytesIO(self._content())

    def create(self, overwrite: bool = False) -> "_Upload":  # noqa: ARG002 - there is nothing by the name
        return _Upload(self)

    def to_input_file(self) -> "_Whole":
        return self

    def write(self, content: bytes) -> None:
        objects.put_object(self._client, self.location, content)
        self._keep(content)

    def _content(self) -> bytes:
        with _keeping:
            found = _kept.get(self._key)
        if found is None:
            found = objects.get_object(self._client, self.location)
            if found is None:
                raise FileNotFoundError(self.location)
            self._keep(found)
        return found

    def _keep(self, content: bytes) -> None:
        if len(content) <= _MOST_KEPT_BYTES:
            with _keeping:
                _kept[self._key] = content


class _Upload:
    """What is written to it, sent when it is closed."""

    def __init__(self, file: _Whole) -> None:
        self._file, self._buffer = file, BytesIO()

    def write(self, content: bytes) -> int:
        return self._buffer.write(content)

    def tell(self) -> int:
        return self._buffer.tell()

    def close(self) -> None:
        self._file.write(self._buffer.getvalue())

    def __enter__(self) -> "_Upload":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
