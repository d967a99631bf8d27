"""Tables' metadata is read and written whole: each object in one request, and once."""

import uuid
from typing import Any

import pytest
from pyiceberg.io import load_file_io
from pyiceberg.io.pyarrow import PyArrowFile

from stedi_assets.lakehouse import metadata_io, objects
from stedi_assets.lakehouse.catalog import open_catalog
from stedi_assets.lakehouse.client import store_client
from stedi_assets.lakehouse.metadata_io import MetadataIO
from stedi_assets.lakehouse.resource import StoreS3
from stedi_assets.lakehouse.store import Store


@pytest.fixture
def files(store: Store) -> MetadataIO:
    """As a table of the home's catalog has it."""
    given = load_file_io(open_catalog(store).properties)
    assert isinstance(given, MetadataIO)
    return given


@pytest.fixture
def place(store: Store) -> str:
    """Where nothing is yet."""
    return store.uri(f"staging/{uuid.uuid4().hex}.avro")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the store is asked for from here on."""
    asked: list[str] = []
    get = objects.get_object

    def watching(client: Any, location: str) -> bytes | None:
        asked.append(location)
        return get(client, location)

    monkeypatch.setattr(objects, "get_object", watching)
    return asked


def write(files: MetadataIO, place: str, content: bytes) -> None:
    with files.new_output(place).create() as stream:
        for byte in content:
            stream.write(bytes([byte]))
        assert stream.tell() == len(content)


def read(files: MetadataIO, place: str) -> bytes:
    with files.new_input(place).open() as stream:
        return bytes(stream.read())


def forget_what_was_read() -> None:
    with metadata_io._keeping:
        metadata_io._kept.clear()


def test_what_was_written_is_in_the_store_and_read_once(files: MetadataIO, place: str, asked: list[str]) -> None:
    write(files, place, b"manifest")
    assert read(files, place) == b"manifest"
    assert asked == [], "it was written here"
    forget_what_was_read()
    assert [read(files, place), read(files, place)] == [b"manifest"] * 2
    assert len(files.new_input(place)) == len(b"manifest")
    assert files.new_output(place).exists()
    assert asked == [place]
    files.delete(place)


def test_what_was_deleted_is_not_there(files: MetadataIO, place: str) -> None:
    write(files, place, b"manifest")
    files.delete(place)
    assert not files.new_input(place).exists()
    with pytest.raises(FileNotFoundError, match=place):
        read(files, place)


def test_what_is_large_is_read_each_time(
    files: MetadataIO, place: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_io, "_MOST_KEPT_BYTES", 3)
    write(files, place, b"long")
    assert [read(files, place), read(files, place)] == [b"long"] * 2
    assert asked == [place] * 2
    files.delete(place)


@pytest.mark.parametrize("name", ["a.parquet", "v1.metadata.json"])
def test_all_else_is_pyarrows(files: MetadataIO, store: Store, name: str) -> None:
    assert isinstance(files.new_input(store.uri(name)), PyArrowFile)
    assert isinstance(files.new_output(store.uri(name)), PyArrowFile)


def test_the_client_is_of_the_endpoint_that_is_for_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `connection` takes it, and boto3 by itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2")
    assert store_client().meta.endpoint_url == "http://127.0.0.1:2"
    assert store_client("http://127.0.0.1:3").meta.endpoint_url == "http://127.0.0.1:3"
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    ours = store_client()
    assert ours is store_client("http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of another store at the same address")
    assert store_client() is not ours


def test_dagsters_resource_gives_out_the_same_client_unless_it_is_configured(store: Store) -> None:
    assert StoreS3().get_client() is store_client()
    elsewhere = StoreS3(endpoint_url="http://127.0.0.1:1").get_client()
    assert elsewhere is not store_client()
    assert elsewhere.meta.endpoint_url == "http://127.0.0.1:1"
