"""The synthetic landing zone: its figures are those of the reference set, and its bytes are always the same.

Counts are taken by DuckDB from the files, as anybody would; none of the generator's own arithmetic is used.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection as Connection
from duckdb import connect

from stedi_assets.synthetic import generate

DATA = Path(__file__).parents[2] / "data"
OBJECTS = {"customer": 956, "accelerometer": 81_273, "step_trainer": 28_680}

COLUMNS = {
    "customer": {
        "customerName": "VARCHAR",
        "email": "VARCHAR",
        "phone": "VARCHAR",
        "birthDay": "DATE",
        "serialNumber": "UUID",
        "registrationDate": "BIGINT",
        "lastUpdateDate": "BIGINT",
        "shareWithResearchAsOfDate": "BIGINT",
        "shareWithPublicAsOfDate": "BIGINT",
        "shareWithFriendsAsOfDate": "BIGINT",
    },
    "accelerometer": {"user": "VARCHAR", "timestamp": "BIGINT", "x": "DOUBLE", "y": "DOUBLE", "z": "DOUBLE"},
    "step_trainer": {"sensorReadingTime": "BIGINT", "serialNumber": "UUID", "distanceFromObject": "INTEGER"},
}

# Short names for what the counts below are about.
VIEWS = """
create view pause as
    select serialNumber, sensorReadingTime - lag(sensorReadingTime) over (
        partition by serialNumber order by sensorReadingTime) as length
    from step_trainer;
create view consenting as select * from customer where shareWithResearchAsOfDate is not null;
create table motion as
    select accelerometer.*, email, shareWithResearchAsOfDate as since, timestamp >= since as agreed
    from accelerometer join consenting on user = email;
create table step as
    select step_trainer.*, sensorReadingTime as timestamp, email, shareWithResearchAsOfDate as since,
        sensorReadingTime >= since as agreed, email in (select email from motion where agreed) as curated
    from step_trainer join consenting using (serialNumber);
create table pair as
    select step.email = motion.email as own, step.agreed as step_agreed, step.curated as step_curated,
        motion.agreed as motion_agreed
    from step join motion using (timestamp);
"""

# One world's counts; a world's copies have as many each.
COUNTS = {
    "select count(*) from customer": 956,
    "select count(distinct email) from customer": 956,
    "select count(distinct lower(email)) from customer": 956,
    "select count(distinct serialNumber) from customer": 956,
    "select count(*) from customer where shareWithResearchAsOfDate is null": 474,
    "select count(*) from consenting": 482,
    "select count(*) from consenting where shareWithResearchAsOfDate = registrationDate": 459,
    "select count(*) from consenting where shareWithResearchAsOfDate > registrationDate": 23,
    "select count(*) from consenting where shareWithResearchAsOfDate = lastUpdateDate": 479,
    "select count(*) from customer where lastUpdateDate = registrationDate": 912,
    "select count(shareWithPublicAsOfDate) from customer": 491,
    "select count(shareWithFriendsAsOfDate) from customer": 508,
    "select count(*) from accelerometer": 81_273,
    "select count(*) from (select distinct * from accelerometer)": 81_273,
    "select count(distinct user) from accelerometer": 956,
    "select count(distinct timestamp) from accelerometer": 27_110,
    "select count(*) from step_trainer": 28_680,
    "select count(*) from (select distinct serialNumber, sensorReadingTime from step_trainer)": 28_680,
    "select count(distinct serialNumber) from step_trainer": 956,
    "select count(*) from motion": 40_981,
    "select count(*) from step": 14_460,
    "select count(*) from pair": 43_681,
    "select count(*) from pair where own": 40_981,
    "select count(*) from pair where not own": 2_700,
    "select count(*) from motion where agreed": 32_025,
    "select count(distinct email) from motion where agreed": 464,
    "select count(*) from step where not agreed": 3_163,
    "select count(*) from step where agreed": 11_297,
    "select count(*) from step where agreed and curated": 11_297,
    "select count(*) from step where curated": 13_920,
    "select count(*) from pair where step_agreed and motion_agreed": 34_253,
    "select count(*) from pair where step_agreed and motion_agreed and own": 32_025,
    "select count(*) from pair where step_curated and motion_agreed": 34_437,
    "select count(*) from pair where motion_agreed": 34_437,
    "select count(*) from pair where step_agreed": 34_435,
    "select count(*) from pair where not own and not step_agreed and not motion_agreed": 106,
    "select count(*) from pair where not own and not step_curated": 0,
}

# Whatever breaks a rule of the reference set.
OFFENDERS = {
    "readings without a step of their customer's at the time": """
        select user, timestamp from accelerometer
        except select email, sensorReadingTime from step_trainer join customer using (serialNumber)""",
    "steps without a reading of their customer's at the time": """
        select email, sensorReadingTime from step_trainer join customer using (serialNumber)
        except select user, timestamp from accelerometer""",
    "users without 30 timestamps": """
        select user from accelerometer group by user having count(distinct timestamp) <> 30""",
    "users without 77 to 90 readings": """
        select user from accelerometer group by user having count(*) not between 77 and 90""",
    "serials without 30 steps": """
        select serialNumber from step_trainer group by serialNumber having count(*) <> 30""",
    "steps with other than 1 to 6 readings": """
        select user, timestamp from accelerometer group by all having count(*) not between 1 and 6""",
    "steps out of rhythm": """
        select serialNumber from pause group by serialNumber
        having min(length) < 2050 or max(length) > 3750 or max(abs(length - (select median(length) from pause
            as own where own.serialNumber = pause.serialNumber))) > 25""",
    "distances out of range": "select * from step_trainer where distanceFromObject not between 201 and 299",
    "positions out of range": """
        select * from accelerometer where x not in (-1, 0, 1) or y not in (-1, 0, 1) or z not in (-1, 0)""",
    "consents before registration": """
        select * from customer where least(shareWithResearchAsOfDate, shareWithPublicAsOfDate,
            shareWithFriendsAsOfDate) < registrationDate""",
    "dates after the last update": """
        select * from customer where greatest(registrationDate, shareWithResearchAsOfDate,
            shareWithPublicAsOfDate, shareWithFriendsAsOfDate) > lastUpdateDate""",
    "dates of no plausible year": """
        select * from customer
        where not epoch_ms(registrationDate) between date '2023-01-01' and date '2025-01-01'
            or not epoch_ms(lastUpdateDate) between date '2023-01-01' and date '2025-01-01'""",
    "readings of no plausible year": """
        select * from step_trainer
        where not epoch_ms(sensorReadingTime) between date '2023-01-01' and date '2025-01-01'""",
    "e-mails that could reach somebody": "select * from customer where email not like '%_@example.com'",
    "phone numbers that could reach somebody": "select * from customer where phone not like '5550100%'",
    "implausible birth days": "select * from customer where year(birthDay) not between 1940 and 2005",
}


def opened(folder: Path) -> Connection:
    connection = connect()
    for source, columns in COLUMNS.items():
        connection.execute(
            f"create table {source} as select * from "
            f"read_json('{folder}/{source}/*', format = 'newline_delimited', columns = {columns})"
        )
    connection.execute(VIEWS)
    return connection


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.json*"))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("one")
    assert generate(out) == OBJECTS
    return out


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("two")
    assert generate(out, scale=2) == {source: 2 * objects for source, objects in OBJECTS.items()}
    return out


@pytest.fixture(scope="module")
def one_world(folder: Path) -> Iterator[Connection]:
    with opened(folder) as connection:
        yield connection


@pytest.fixture(scope="module")
def two_worlds(twice: Path) -> Iterator[Connection]:
    with opened(twice) as connection:
        yield connection


@pytest.mark.parametrize(("query", "count"), COUNTS.items())
def test_one_world_has_the_reference_counts(one_world: Connection, query: str, count: int) -> None:
    assert one_world.execute(query).fetchall() == [(count,)]


@pytest.mark.parametrize(("query", "count"), COUNTS.items())
def test_two_copies_have_twice_the_counts(two_worlds: Connection, query: str, count: int) -> None:
    assert two_worlds.execute(query).fetchall() == [(2 * count,)]


@pytest.mark.parametrize("query", OFFENDERS.values(), ids=OFFENDERS)
def test_nothing_breaks_a_rule(two_worlds: Connection, query: str) -> None:
    assert two_worlds.execute(query).fetchall() == []


@pytest.mark.parametrize(
    ("readings", "shared"),
    [("accelerometer", {1: 25_629, 2: 1_399, 3: 77, 4: 3, 5: 2}), ("motion", {1: 13_566, 2: 423, 3: 16})],
)
def test_customers_share_timestamps(one_world: Connection, readings: str, shared: dict[int, int]) -> None:
    query = f"""
        select users, count(*) from (select count(distinct user) as users from {readings} group by timestamp)
        group by users"""
    assert dict(one_world.execute(query).fetchall()) == shared


def test_readings_spread_over_their_ranges(one_world: Connection) -> None:
    per_user = "select min(n), max(n) from (select count(*) as n from accelerometer group by user)"
    assert one_world.execute(per_user).fetchall() == [(77, 90)]

    positions = one_world.execute("select count(*) from accelerometer group by x, y, z").fetchall()
    assert len(positions) == 18
    assert all(4_300 < count < 4_730 for (count,) in positions)

    distances = one_world.execute("select count(*) from step_trainer group by distanceFromObject").fetchall()
    assert len(distances) == 99
    assert all(200 < count < 380 for (count,) in distances)


def test_most_steps_have_three_motions(one_world: Connection) -> None:
    per_step = "select count(*) as motions from accelerometer group by user, timestamp"
    steps = dict(one_world.execute(f"select motions, count(*) from ({per_step}) group by motions").fetchall())
    assert set(steps) == {1, 2, 3, 4, 5, 6}
    assert steps[3] > 0.8 * 28_680


def test_some_consent_on_the_very_millisecond_of_a_reading(one_world: Connection) -> None:
    """Otherwise "after consent" and "at or after consent" would count the same."""
    ((count,),) = one_world.execute("select count(*) from motion where timestamp = since").fetchall()
    assert count > 10


def test_copies_share_no_customer_and_no_timestamp(two_worlds: Connection) -> None:
    spans = """
        select min(timestamp), max(timestamp), count(distinct timestamp) from accelerometer
        group by user like '%.2@example.com' order by 1"""
    (_, first_end, first), (second_start, _, second) = two_worlds.execute(spans).fetchall()
    assert first_end < second_start
    assert first == second == 27_110

    own = "select count(*) from customer where email like '%.2@example.com'"
    assert two_worlds.execute(own).fetchall() == [(956,)]

    last_date = "select max(lastUpdateDate) from customer where email not like '%.2@example.com'"
    assert two_worlds.execute(last_date).fetchall() < [(second_start,)]


def test_objects_are_spelled_as_in_the_reference_set(folder: Path) -> None:
    optional = {"shareWithResearchAsOfDate", "shareWithPublicAsOfDate", "shareWithFriendsAsOfDate"}
    for source, columns in COLUMNS.items():
        for path in (folder / source).iterdir():
            for line in path.read_text(encoding="ascii").splitlines():
                fields = json.loads(line)
                assert list(fields) == [name for name in columns if name in fields]
                assert set(columns) - set(fields) <= optional
                assert all(fields.values()) or source == "accelerometer"


def test_files_hold_ten_thousand_objects_times_the_scale(folder: Path, twice: Path) -> None:
    for out, scale, files in ((folder, 1, 9), (twice, 2, 9)):
        names = [f"accelerometer-{number:04d}.json" for number in range(1, files + 1)]
        paths = sorted((out / "accelerometer").iterdir())
        assert [path.name for path in paths] == names
        lengths = [path.read_bytes().count(b"\n") for path in paths]
        assert lengths == [10_000 * scale] * 8 + [1_273 * scale]


def test_files_stay_below_their_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stedi_assets.synthetic.landing.MOST_BYTES_PER_FILE", 500_000)
    assert generate(tmp_path) == OBJECTS
    for source, objects in OBJECTS.items():
        texts = [path.read_bytes() for path in (tmp_path / source).iterdir()]
        assert max(len(text) for text in texts) <= 500_000
        assert sum(text.count(b"\n") for text in texts) == objects


def test_the_same_bytes_whatever_the_hash_seed(folder: Path, tmp_path: Path) -> None:
    imports = "from pathlib import Path; from stedi_assets.synthetic import generate"
    command = f"{imports}; generate(Path({str(tmp_path)!r}))"
    elsewhere = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", command], check=True, env=os.environ | elsewhere, cwd=root)
    assert content(tmp_path) == content(folder)


def test_the_committed_data_is_what_the_generator_writes(folder: Path, tmp_path: Path) -> None:
    generate(tmp_path, compress=True)
    written, committed = content(tmp_path), content(DATA)
    hint = "regenerate data/ with generate(Path('data'), compress=True)"
    assert list(committed) == list(written), hint
    # Another zlib may compress the same text to other bytes, so the text decides.
    texts = {name.removesuffix(".gz"): gzip.decompress(zipped) for name, zipped in committed.items()}
    assert texts == content(folder), hint
    assert {name.removesuffix(".gz"): gzip.decompress(zipped) for name, zipped in written.items()} == texts


def test_compressed_files_tell_neither_time_nor_name() -> None:
    for zipped in content(DATA).values():
        flags, modified = zipped[3], zipped[4:8]
        assert (flags, modified) == (0, bytes(4))


@pytest.mark.parametrize("scale", [0, -1, 8_001])
def test_a_scale_out_of_range_is_refused(tmp_path: Path, scale: int) -> None:
    with pytest.raises(ValueError, match=f"^Expected a scale from 1 to 8000, found {scale}; choose another"):
        generate(tmp_path, scale=scale)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "step_trainer").mkdir()
    (tmp_path / "step_trainer" / "mine.json").write_text("{}")
    with pytest.raises(FileExistsError, match=r"^Expected no files in .*step_trainer, found some; "):
        generate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["step_trainer"]
