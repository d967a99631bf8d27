"""Canaries: no word about a customer and no key in what Dagster keeps, the services log, commands print and write.

Here: the real commands in a home of their own, as they succeed and as they fail. Not here: what an erasure takes out
of tables and the store (`test_forget_bytes`), who may read the files of a home (`test_services_closed`).
"""

import base64
import gzip
import json
import shutil
import sqlite3
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from stedi_assets.lakehouse.services import stop
from stedi_assets.lakehouse.services.home import Home
from stedi_assets_tests.support.commands import BIN, REPOSITORY, environment
from stedi_assets_tests.support.lake import AGREED, TAKEN, customer, lines, motion, step
from stedi_assets_tests.support.traces import in_folder

SECRET = "canary-of-the-pseudonym-secret-d41f7a"
EMAIL, NAME = "cassiopeia.quirke@canary.example", "Thessaly Quirkebrandt"
FILE_NAME = "file.of.quirke@canary.example"
PERSONAL = {
    "address": EMAIL,
    "name": NAME,
    "phone": "4479360215587",
    "birth date": "1871-03-19",
    "serial": "7c19e0d4-canary-serial",
    "address as a field's name": "field.of.quirke@canary.example",
    "address as a file's name": FILE_NAME,
    "address in damaged text": "damaged.quirke@canary.example",
    "address in a wrong type": "nested.quirke@canary.example",
    "name for a number": "Thwaitebury-for-a-date",
    "address in broken gzip": "broken.quirke@canary.example",
}
# Below the test's folder: Dagster's own, the rows of its databases, the services' logs, and what commands left.
SEARCHED = ("home/dagster", "rows", "logs", "printed", "written", "temporary")
SQLITE = b"SQLite format 3\0"
# A process that was just forked still has the arguments of its parent.
_LOOKS = 4


def deliver(folder: Path) -> Path:
    """A landing folder in which every word about a person is a canary; most of what it has is damaged."""
    person = customer(EMAIL, PERSONAL["serial"])
    person |= {"customerName": NAME, "phone": PERSONAL["phone"], "birthDay": PERSONAL["birth date"]}
    damaged = [
        {**person, "email": {"was": PERSONAL["address in a wrong type"]}},
        {**person, "lastUpdateDate": PERSONAL["name for a number"]},
        {**person, "birthDay": [PERSONAL["birth date"]]},
    ]
    motions = [motion(EMAIL, TAKEN + i) for i in range(50)]
    whole = {**person, PERSONAL["address as a field's name"]: True, "lastUpdateDate": AGREED + 1}
    files = {
        "customer/website.json": lines([person, whole]).encode(),
        f"customer/{FILE_NAME}.json": lines([person]).encode(),
        "customer/damaged.json": lines(damaged).encode() + b'{"e": "' + PERSONAL["address in damaged text"].encode(),
        "accelerometer/phones.json": lines([*motions, {"user": EMAIL, "timestamp": NAME}]).encode(),
        "accelerometer/cut.json.gz": gzip.compress(lines([{"user": PERSONAL["address in broken gzip"]}]).encode())[:-8],
        "step_trainer/devices.json": lines([step(PERSONAL["serial"], TAKEN + i) for i in range(50)]).encode()
        + lines([{"serialNumber": PERSONAL["serial"], "sensorReadingTime": NAME}]).encode(),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@dataclass
class Watched:
    """What commands print, write and are called with. `arguments`: of all processes; `environments`: by program, of
    those that a command started."""

    folder: Path
    statuses: list[int] = field(default_factory=list)
    arguments: set[tuple[str, ...]] = field(default_factory=set, repr=False)
    environments: dict[str, set[str]] = field(default_factory=dict, repr=False)
    _looks: Counter[int] = field(default_factory=Counter, repr=False)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def command(self, *words: str, said: str = "", printed: str = "printed", **more: str) -> None:
        """Runs a command to its end, looks at all processes as long as it runs, and keeps what it prints."""
        output = self.folder / printed / f"{len(self.statuses)}.txt"
        temporary = self.folder / "temporary"
        with output.open("wb") as file, (self.folder / "said").open("w+") as spoken:
            spoken.write(said)
            spoken.seek(0)
            process = subprocess.Popen(
                [str(BIN / words[0]), *words[1:]],
                env=environment(self.home, **{"STEDI_PSEUDONYM_SECRET": SECRET, "TMPDIR": str(temporary), **more}),
                cwd=REPOSITORY,
                stdin=spoken,
                stdout=file,
                stderr=file,
            )
            while process.poll() is None:
                if self._look_at_processes():
                    self._look_at_children(psutil.Process(process.pid))
                time.sleep(0.1)
        self.statuses.append(process.returncode)

    def _look_at_processes(self) -> bool:
        """Keep the arguments of processes that are new, or were when last seen; return whether there were any."""
        young = [other for other in psutil.process_iter() if self._looks[other.pid] < _LOOKS]
        for other in young:
            self._looks[other.pid] += 1
            with suppress(psutil.Error):  # ended meanwhile
                self.arguments.add(tuple(other.cmdline()))
        return bool(young)

    def _look_at_children(self, process: psutil.Process) -> None:
        with suppress(psutil.Error):  # ended meanwhile
            for child in process.children(recursive=True):
                found = {f"{name}={value}" for name, value in child.environ().items()}
                self.environments.setdefault(child.name(), set()).update(found)

    def gather(self) -> None:
        """What is to be searched and lies in no folder of its own: the services' logs, and the rows of databases."""
        for log in self.home.glob("services.*"):
            shutil.copy(log, self.folder / "logs")
        for path in (self.home / "dagster").rglob("*"):
            if path.is_file() and path.read_bytes().startswith(SQLITE):
                name = "-".join(path.relative_to(self.home).parts)
                (self.folder / "rows" / name).write_bytes(rows_of(path))

    def hashing_keys(self) -> list[str]:
        """The keys that people are hashed with."""
        return [SECRET, *((self.home / name).read_text().strip() for name in ("pseudonym.key", "erasure.key"))]

    def secrets(self) -> list[str]:
        """Every key of the home and of the test, as it is and as it could be written."""
        stored = json.loads((self.home / "credentials.json").read_text())
        return [
            *(form for key in self.hashing_keys() for form in forms_of(key.encode())),
            *(stored[n] for n in stored if "KEY" in n.upper() and n != "access_key"),
        ]


def forms_of(key: bytes) -> list[str]:
    """A key as text, in hexadecimal and base64, and the pads of HMAC, which are as good as the key."""
    pads = [bytes(byte ^ pad for byte in key).hex() for pad in (0x36, 0x5C)]
    return [key.decode(), key.hex(), base64.b64encode(key).decode().rstrip("=")[:-1], *pads]


def rows_of(database: Path) -> bytes:
    """Every value of every table: in the file itself a long one is cut into pages, and some are compressed."""
    values: list[bytes] = []
    with closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                values += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(part for value in values for part in (value, unpacked(value)))


def unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A home after a run, a query that failed, a run that failed in the engine, Dagster's own on data too damaged, a
    delivery and what is told and done about versions of tables, the page and the pictures, and an erasure."""
    folder = tmp_path_factory.mktemp("canaries")
    watched = Watched(folder)
    for name in (*SEARCHED, "answered"):
        (folder / name).mkdir(parents=True)
    bring = ("stedi", "run", "--landing", str(deliver(folder / "landing")), "--json")
    written = folder / "written"
    any_share = {"STEDI_MAX_QUARANTINE_SHARE": "1"}
    job = ("dagster", "job", "execute", "-m", "stedi_assets.definitions", "-j", "stedi_lakehouse")
    try:
        watched.command(*bring, str(written / "run.json"), **any_share)
        watched.command("stedi", "query", "SELECT CAST(email AS INTEGER) FROM customer_trusted", printed="answered")
        watched.command(*bring, str(written / "too-large.json"), "--full", STEDI_MAX_OBJECT_BYTES="200", **any_share)
        watched.command(*job, DAGSTER_HOME=str(watched.home / "dagster"), STEDI_PSEUDONYM_SECRET="")
        watched.command("stedi", "deliver", "customer", str(folder / "landing" / "customer"), "--id", "again")
        watched.command("stedi", "run", "--json", str(written / "more.json"), **any_share)
        for name in ("history", "rollback"):
            watched.command("stedi", name, "customer_landing")
        for name in ("tables", "doctor", "upkeep"):
            watched.command("stedi", name, "--json", str(written / f"{name}.json"))
        watched.command("stedi", "report", "--out", str(written / "page.html"))
        watched.command(*job[:-1], "stedi_insight", DAGSTER_HOME=str(watched.home / "dagster"))
        watched.command("stedi", "forget", "-", "--json", str(written / "receipt.json"), said=f"{EMAIL}\n")
        watched.gather()
        yield watched
    finally:
        stop(watched.home)


def test_the_commands_end_as_they_should(watched: Watched) -> None:
    """And leave something to be searched in each place."""
    assert watched.statuses == [0, 2, 1, 1, *[0] * 7, 0, 0, 0]
    assert list(watched.home.glob("dagster/storage/*/compute_logs/*.err"))
    assert {path.name for path in (watched.folder / "logs").iterdir()} >= {"services.log"}
    request = json.loads((watched.folder / "written" / "receipt.json").read_text())["request"]
    for place in ("home/dagster", "rows", "printed", "written"):
        assert in_folder(watched.folder / place, [request])


@pytest.mark.parametrize("place", SEARCHED)
def test_no_word_about_a_customer_is_kept_or_said(watched: Watched, place: str) -> None:
    found = in_folder(watched.folder / place, list(PERSONAL.values()))
    assert [(trace.place, list(PERSONAL)[trace.needle_index]) for trace in found] == []


def test_a_query_that_fails_repeats_no_value(watched: Watched) -> None:
    assert in_folder(watched.folder / "answered", list(PERSONAL.values())) == []


@pytest.mark.parametrize("place", [*SEARCHED, "answered", "home/store"])
def test_no_key_is_kept_or_said(watched: Watched, place: str) -> None:
    assert in_folder(watched.folder / place, watched.secrets()) == []


def test_no_argument_of_any_process_is_a_key_or_about_a_customer(watched: Watched) -> None:
    master = f"-master=127.0.0.1:{Home(watched.home).read_record()['ports']['master.port']}"
    for argument in (str(BIN / "stedi"), str(BIN / "dagster"), f"-dir={watched.home}/store", master):
        assert [words for words in watched.arguments if any(word.startswith(argument) for word in words)]
    said = "\n".join(" ".join(words) for words in watched.arguments).lower()
    canaries = [*PERSONAL.values(), *watched.secrets()]
    assert [number for number, canary in enumerate(canaries) if canary.lower() in said] == []


def test_the_store_is_given_no_key_that_people_are_hashed_with(watched: Watched) -> None:
    """It has keys of its own in its environment. What Dagster starts has the user's, as the user's own programs do."""
    given = watched.environments["weed"]
    assert [key for key in watched.hashing_keys() if any(key in variable for variable in given)] == []


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_planted_in_a_database_is_found(watched: Watched, tmp_path: Path, packed: bool) -> None:
    """Also where its own file does not show it: cut into two pages, or compressed."""
    planted, database = "planted.quirke@canary.example", tmp_path / "runs.db"
    shutil.copy(watched.home / "dagster" / "history" / "runs.db", database)
    text = (planted + "-" * 71) * 400
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE planted (value)")
        connection.execute("INSERT INTO planted VALUES (?)", [zlib.compress(text.encode()) if packed else text])
    rows = rows_of(database)
    assert rows.count(planted.encode()) == 400
    assert database.read_bytes().count(planted.encode()) < 400
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "runs").write_bytes(rows)
    assert in_folder(tmp_path / "rows", [planted.upper()])
