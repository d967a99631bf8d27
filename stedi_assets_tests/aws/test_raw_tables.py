"""The raw tables' DDL, executed as it is: by Apache Spark with Hive's JSON SerDe, over files as they land."""

import gzip
import json
import shutil
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from stedi_assets.aws.athena import raw_table_statements
from stedi_assets.contracts import SOURCES, Contract
from stedi_assets.contracts.provenance import PROVENANCE
from stedi_assets.expectations import REFERENCE
from stedi_assets.settings import REPOSITORY_DATA
from stedi_assets_tests.support.commands import REFERENCE_SET
from stedi_assets_tests.support.hive import Hive, HiveError
from stedi_assets_tests.support.lake import customer, lines, motion, step, write_landing

STATEMENTS = raw_table_statements("s3://lake/landing")


def source_columns(contract: Contract) -> list[Any]:
    return [column for column in contract.columns if column not in PROVENANCE]


@pytest.fixture(scope="module")
def session(java: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hive]:
    hive = Hive(tmp_path_factory.mktemp("hive"))
    yield hive
    hive.end()


@pytest.fixture
def hive(session: Hive) -> Hive:
    """The session, without the tables of the test before."""
    session.sql("DROP DATABASE IF EXISTS stedi_raw CASCADE")
    return session


def create(hive: Hive, landing: Path) -> None:
    for statement in raw_table_statements(landing.as_uri()):
        hive.sql(statement)


@pytest.mark.parametrize("source", SOURCES)
def test_a_table_has_the_columns_of_its_contract(source: str) -> None:
    contract = SOURCES[source]
    statement = STATEMENTS[[*SOURCES].index(source) + 1]
    (tree,) = sqlglot.parse(statement, dialect="athena")
    assert isinstance(tree, exp.Create)
    assert tree.this.this.sql("athena") == f"stedi_raw.{contract.table}"
    declared = []
    for column in tree.find_all(exp.ColumnDef):
        comment = column.find(exp.CommentColumnConstraint)
        assert column.kind is not None
        assert comment is not None
        personal = comment.this.name.endswith("Personal data.")
        declared.append((column.name, column.kind.sql("hive").lower(), personal))
    assert declared == [(column.name, column.type, column.personal) for column in source_columns(contract)]


def counted_by_hand(landing: Path, source: str) -> tuple[int, dict[str, int], dict[str, float]]:
    """Objects; of each column how many values there are, and the sum of its numbers: read without any of our code."""
    objects, values, sums = 0, Counter[str](), defaultdict[str, float](int)
    for path in (landing / source).rglob("*.json*"):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in text.splitlines():
            objects += 1
            for name, value in json.loads(line).items():
                values[name.lower()] += value is not None
                sums[name.lower()] += value if isinstance(value, int | float) else 0
    return objects, values, sums


def assert_all_is_there(hive: Hive, landing: Path) -> None:
    create(hive, landing)
    for source, contract in SOURCES.items():
        objects, values, sums = counted_by_hand(landing, source)
        names = [column.name for column in source_columns(contract)]
        numbers = [column.name for column in source_columns(contract) if column.type != "string"]
        asked = ["count(*)", *(f"count(`{name}`)" for name in names), *(f"sum(`{name}`)" for name in numbers)]
        (found,) = hive.sql(f"SELECT {', '.join(asked)} FROM stedi_raw.{contract.table}")
        assert found == (objects, *(values[name] for name in names), *(sums[name] for name in numbers))
        assert objects == REFERENCE[contract.table]
        required = [column.name for column in source_columns(contract) if column.required]
        assert all(values[name] == objects for name in required)
    assert hive.sql("SELECT count(*) FROM stedi_raw.customer_landing WHERE sharewithresearchasofdate > 0") == [(482,)]


def test_data_is_all_there(hive: Hive, tmp_path: Path) -> None:
    for source in SOURCES:
        shutil.copytree(REPOSITORY_DATA / source, tmp_path / "landing" / source / "mirror")
    assert_all_is_there(hive, tmp_path / "landing")


@pytest.mark.skipif(not REFERENCE_SET.exists(), reason="the real reference set is licensed: not in the repository")
def test_the_real_reference_set_is_all_there(hive: Hive, tmp_path: Path) -> None:
    with tarfile.open(REFERENCE_SET) as archive:
        archive.extractall(tmp_path, filter="data")
    assert_all_is_there(hive, tmp_path)


def test_keys_match_in_any_case_and_unknown_ones_are_passed_over(hive: Hive, tmp_path: Path) -> None:
    texts = [
        '{"user":"a","timestamp":1}',
        '{"user":"b","timeStamp":2,"X":0.5}',
        '{"USER":"c","TIMESTAMP":3,"n":{"x":[1]}}',
    ]
    landing = write_landing(tmp_path, lines([customer("a@x.org", "s1")]), "\n".join(texts), lines([step("s1")]))
    deep = landing / "accelerometer" / "mirror" / "2023" / "more.json.gz"
    deep.parent.mkdir(parents=True)
    deep.write_bytes(gzip.compress(b'{"User":"d","TimeStamp":4,"Z":-1}\n'))
    create(hive, landing)
    assert hive.sql("SELECT `user`, `timestamp`, x, z FROM stedi_raw.accelerometer_landing ORDER BY 2") == [
        ("a", 1, None, None),
        ("b", 2, 0.5, None),
        ("c", 3, None, None),
        ("d", 4, None, -1.0),
    ]
    assert hive.sql("SELECT email, serialnumber FROM stedi_raw.customer_landing") == [("a@x.org", "s1")]
    assert hive.sql("SELECT distancefromobject FROM stedi_raw.step_trainer_landing") == [(210,)]


def test_what_the_comments_say_these_tables_lose(hive: Hive, tmp_path: Path) -> None:
    together = "".join(json.dumps(motion(f"{name}@x.org")) for name in "abc")
    text_for_number = json.dumps({"sensorReadingTime": "1650000000000", "serialNumber": "s1"})
    one = lines([customer("a@x.org", "s1")])
    create(hive, write_landing(tmp_path, f"{one}\n{one}", together, text_for_number))
    assert hive.sql("SELECT count(*) FROM stedi_raw.customer_landing") == [(3,)], "the blank line is a row"
    assert hive.sql("SELECT `user` FROM stedi_raw.accelerometer_landing") == [("a@x.org",)]
    with pytest.raises(HiveError, match="not numeric"):
        hive.sql("SELECT * FROM stedi_raw.step_trainer_landing")


def test_creating_them_again_changes_nothing(hive: Hive, tmp_path: Path) -> None:
    landing = write_landing(
        tmp_path, lines([customer("a@x.org", "s1")]), lines([motion("a@x.org")]), lines([step("s1")])
    )
    create(hive, landing)
    create(hive, landing)
    assert hive.sql("SELECT count(*) FROM stedi_raw.step_trainer_landing") == [(1,)]
