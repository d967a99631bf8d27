"""The search for traces: it finds a text in every way in which the store and the lakehouse keep one, and only there."""

import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from stedi_assets.lakehouse.services import ensure_running, stop, vacuum
from stedi_assets_tests.storage.test_services import catalog, s3
from stedi_assets_tests.support.traces import Trace, in_folder, in_objects

NAME = "Zoë Ångström"


def record(text: str) -> bytes:
    return json.dumps({"email": text, "noise": os.urandom(60).hex()}).encode()


def parquet(text: str, compression: str, dictionary: bool, kind: Any = None) -> bytes:
    """A file in which the text is alone in the middle of a column, so that no statistics tell of it."""
    column = pa.array(["!", text, "~"] * 50 if kind is None else [0, int(text), 10**12], kind)
    file = io.BytesIO()
    table = pa.table({"value": column, "number": range(len(column))})
    pq.write_table(table, file, compression=compression, use_dictionary=dictionary)
    return file.getvalue()


def statistics_only(text: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"value": [text]}), file)
    return file.getvalue()


def key_value_metadata(text: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"value": [1]}).replace_schema_metadata({"origin": text}), file)
    return file.getvalue()


def sized(part: bytes) -> bytes:
    """Avro's bytes: a length as a zigzag varint, here of two bytes always, then the bytes."""
    return bytes([(2 * len(part)) & 0x7F | 0x80, (2 * len(part)) >> 7]) + part


def avro(text: str, codec: str) -> bytes:
    block = sized(text.encode()) * 3
    packed = {
        "null": lambda: block,
        "deflate": lambda: zlib.compress(block, wbits=-15),
        "zstandard": lambda: zstandard.compress(block),
        "snappy": lambda: bytes(pa.Codec("snappy").compress(block, asbytes=True)) + b"CRC4",
    }[codec]()
    header = b"\x02" + sized(b"avro.codec") + sized(codec.encode()) + b"\x00"
    return b"Obj\x01" + header + bytes(range(16)) + b"\x06" + sized(packed) + bytes(range(16))


SEEDS: dict[str, Callable[[str], bytes]] = {
    "plain": record,
    "upper case": lambda text: record(text.upper()),
    "utf-16": lambda text: f"<{text}>".encode("utf-16-le"),
    "utf-16, big end first": lambda text: f"<{text}>".encode("utf-16-be"),
    "url": lambda text: f"email={text.replace('@', '%40')}/part".encode(),
    "gzip": lambda text: gzip.compress(record(text)),
    "gzip, cut off": lambda text: gzip.compress(record(text) + os.urandom(5000))[:3000],
    "gzip in the middle": lambda text: os.urandom(999) + gzip.compress(record(text)) + os.urandom(999),
    "gzip of a parquet": lambda text: gzip.compress(parquet(text, "zstd", True)),
    "zstd": lambda text: zstandard.compress(record(text)),
    "statistics of a parquet": statistics_only,
    "metadata of a parquet": key_value_metadata,
    **{
        f"{compression} {kind} parquet": partial(parquet, compression=compression, dictionary=kind == "dictionary")
        for compression in ("none", "snappy", "zstd", "gzip", "brotli", "lz4")
        for kind in ("dictionary", "values")
    },
    **{f"{codec} avro": partial(avro, codec=codec) for codec in ("null", "deflate", "zstandard", "snappy")},
    "text that the store compresses": lambda text: record(text) + b"\n".join(b"reading %d" % n for n in range(9000)),
}
NEEDLES = {seed: f"{number:02}{seed.replace(' ', '.').replace(',', '')}@x.org" for number, seed in enumerate(SEEDS)}
ABSENT = "nobody.of.this.name@x.org"


def found_in(traces: list[Trace]) -> set[int]:
    return {trace.needle_index for trace in traces}


def how(traces: list[Trace]) -> str:
    return "\n".join(trace.place for trace in traces)


class Store:
    """A running store with one object for each seed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.endpoints = ensure_running(home)
        self.s3 = s3(self.endpoints)
        self.bucket = self.endpoints.bucket
        for number, (seed, content) in enumerate(SEEDS.items()):
            suffix = ".json" if seed.startswith("text") else ""
            self.put(f"seeds/{number}{suffix}", content(NEEDLES[seed]))

    def put(self, key: str, body: bytes, **more: Any) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def found(self, *needles: str) -> tuple[list[Trace], list[Trace]]:
        return in_objects(self.s3, self.bucket, needles), in_folder(self.home, needles)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("traces") / "home"
    yield Store(home)
    stop(home)


@pytest.fixture(scope="module")
def found(store: Store) -> tuple[set[int], set[int]]:
    """The seeds found in the bucket and on disk, each in one search."""
    objects, folder = store.found(*NEEDLES.values(), ABSENT)
    return found_in(objects), found_in(folder)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_is_found_in_the_bucket_and_on_disk(seed: str, found: tuple[set[int], set[int]]) -> None:
    number = list(SEEDS).index(seed)
    assert [number in place for place in found] == [True, True]


def test_what_is_nowhere_is_not_found(found: tuple[set[int], set[int]]) -> None:
    everything = set(range(len(SEEDS)))
    assert found == (everything, everything)


def test_the_seeds_are_not_found_for_their_surface(tmp_path: Path) -> None:
    """Else the tests above would pass without a decoder."""
    for seed in ("gzip", "zstd", "snappy values parquet", "deflate avro", "gzip of a parquet"):
        text = "abcabcabcabcabc" * 4 + "@x.org"  # which every codec shortens
        assert text.encode() not in SEEDS[seed](text)
        (tmp_path / "file").write_bytes(b"before" + SEEDS[seed](text) + b"after")
        assert found_in(in_folder(tmp_path, [text])) == {0}


@pytest.mark.parametrize("written", [NAME, NAME.upper(), NAME.lower(), json.dumps(NAME)[1:-1]])
def test_a_name_is_found_in_any_case_and_escaped(written: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\x00" + written.encode() + b"\xff")
    assert found_in(in_folder(tmp_path, [NAME.lower(), ABSENT])) == {0}


def test_a_number_is_found_in_a_column_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(parquet("49301234567", "snappy", True, pa.int64()))
    assert found_in(in_folder(tmp_path, ["49301234567", "49301234568"])) == {0}


def test_the_bounds_in_the_manifests_of_a_table_are_found(store: Store) -> None:
    """A bound keeps 16 characters, of which the upper one's last is another."""
    email = "ann.of.the.long.name@example.org"
    lake = catalog(store.endpoints)
    lake.create_namespace("space")
    rows = pa.table({"email": [email, "zz"]})
    lake.create_table("space.people", rows.schema).append(rows)
    for traces in (in_objects(store.s3, store.endpoints.table_bucket, [email]), in_folder(store.home, [email])):
        assert "avro" in how(traces)
        assert "parquet" in how(traces)


def test_the_names_and_metadata_of_objects_are_found_and_not_repeated(own_home: Path) -> None:
    endpoints, needles = ensure_running(own_home), ("interest-1", "interest-2", "someone-special")
    client = s3(endpoints)
    client.put_object(Bucket=endpoints.bucket, Key="of-interest-1", Metadata={"who": "someone-special"})
    client.put_object(Bucket=endpoints.bucket, Key="of-interest-2")
    found = [in_objects(client, endpoints.bucket, needles), in_folder(own_home, needles)]
    stop(own_home)  # writes the journal of the index to its file
    found.append(in_folder(own_home, needles))
    assert [found_in(traces) for traces in found] == [{0, 1, 2}] * 3
    assert not any(needle in how(traces) for traces in found for needle in needles)


def test_deleted_and_overwritten_content_is_gone_from_the_disk_after_a_vacuum(store: Store) -> None:
    email, former, present = "deleted@x.org", "former@x.org", "present@x.org"
    store.put("people/a.json", record(email))
    store.put("people/b.json", record(former))
    store.put("people/b.json", record(present))
    assert found_in(store.found(email, former, present)[1]) == {0, 1, 2}
    store.s3.delete_object(Bucket=store.bucket, Key="people/a.json")
    assert found_in(store.found(email, former, present)[1]) == {0, 1, 2}
    vacuum(store.home)
    assert [found_in(traces) for traces in store.found(email, former, present)] == [{2}, {2}]


def test_a_text_so_short_that_chance_has_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 4 characters"):
        in_folder(tmp_path, ["ann"])
