"""`stedi tables` and `stedi history`: what they say of a version, by what its snapshot keeps."""

import subprocess
import sys
from dataclasses import replace

import pytest

from stedi_assets.audits import Verdict, recorded
from stedi_assets.cli.tables import age, checks, list_tables, size
from stedi_assets.contracts import CUSTOMER_TRUSTED
from stedi_assets.lakehouse.publication import ERASURE
from stedi_assets.lakehouse.tables import Tables
from stedi_assets.lakehouse.versions import Version, versions_of
from stedi_assets_tests.support.erased_tables import ANN, BEN, erase, publish, table_of

VERDICTS = [
    Verdict("customer_trusted", "grain", "ERROR", True, 0, 0, {}),
    Verdict("customer_trusted", "withdrawn_since", "WARN", False, 0, 3, {}),
]


def test_ages_and_sizes_are_for_people() -> None:
    found = [age(1000 * seconds) for seconds in (-5, 0, 59, 60, 7_199, 86_399, 86_400, 400 * 86_400)]
    assert found == ["0 s", "0 s", "59 s", "1 min", "1 h", "23 h", "1 d", "400 d"]
    assert [size(n) for n in (0, 999, 1_000, 1_250_000, 5_000_000_000_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.2 MB",
        "5,000.0 GB",
    ]


def test_a_version_tells_its_checks_until_somebody_is_erased(
    tables: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tables, ANN, BEN, facts=recorded(VERDICTS))
    list_tables(None)
    assert "1 of 2 (withdrawn_since)" in capsys.readouterr().out
    erase(tables)
    list_tables(None)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("customer_trusted")]
    assert line.split()[1:3] == ["1", str(versions_of(table_of(tables, CUSTOMER_TRUSTED))[0].snapshot_id)]
    assert "erased since" in line


def test_a_version_of_another_writer_keeps_no_checks() -> None:
    version = Version(1, 0, 0, 0, 0, 0, True, True, None, None, (), {})
    assert (checks("customer_trusted", version), version.made_by) == ("not kept", "another writer")
    assert replace(version, summary={ERASURE: "e-1"}).made_by == "erasure"


def test_neither_engine_nor_dagster_is_loaded_for_it() -> None:
    program = (
        "import sys, stedi_assets.cli.history\n"
        "loaded = [name for name in ('pysail', 'pyspark', 'dagster', 'duckdb') if name in sys.modules]\n"
        "sys.exit(f'imported: {loaded}' if loaded else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
