"""How commands end when something beside them does: the reader, the disk, the user's patience, a missing part."""

import errno
import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from stedi_assets.cli.dagster_home import dagster_home, dagster_instance
from stedi_assets.cli.errors import UsageError, sentence_of
from stedi_assets_tests.support.commands import BIN, environment, hear_ctrl_c

MANY_ROWS = ("query", "SELECT * FROM range(200000)")


def started(*words: str, home: Path, stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """The command, which takes SIGINT whatever has started the tests."""
    return subprocess.Popen(
        [str(BIN / "stedi"), *words],
        env=environment(home),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - nothing but a system call
    )


def test_a_reader_that_has_seen_enough_ends_it_without_a_word(own_home: Path) -> None:
    with started(*MANY_ROWS, home=own_home) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().strip() == "range"
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (128 + signal.SIGPIPE, "")


def test_a_full_disk_is_one_sentence(own_home: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with started(*MANY_ROWS, home=own_home, stdout=full) as process:
        _, said = process.communicate(timeout=60)
    os.close(full)
    assert process.returncode == 2
    assert said == "stedi: the output: no space left on device; free some and run again\n"


def test_an_interrupted_run_is_exit_130_and_one_sentence(own_home: Path) -> None:
    with started("run", home=own_home) as process:
        assert process.stderr is not None
        assert any("building customer_trusted" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        shown, said = process.communicate(timeout=60)
    assert (process.returncode, shown) == (128 + signal.SIGINT, "")
    assert said.splitlines()[-1].startswith("stedi: interrupted; what is published is whole")
    assert "Traceback" not in said


def test_a_configuration_of_dagster_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "of another instance")
    configuration = dagster_home(tmp_path) / "dagster.yaml"
    for text in ("unknown: 3", "no: [", "- no", "words", "5"):
        configuration.write_text(text)
        with pytest.raises(
            UsageError, match=r"dagster\.yaml is no configuration that Dagster takes; mend it, or delete"
        ):
            dagster_instance(tmp_path)


def chained(cause: Exception) -> Exception:
    try:
        raise RuntimeError("what Dagster says") from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module", name="duckdb"), "the module duckdb is not installed; `stedi doctor`"),
        (chained(OSError(errno.ENOSPC, "No space left on device")), "no space left on device; free some"),
        (chained(sqlite3.OperationalError("database or disk is full")), "cannot be used (database or disk is full)"),
    ],
)
def test_a_missing_part_and_a_full_disk_are_told_however_deep(error: Exception, said: str) -> None:
    assert said in (sentence_of(error) or "")


def test_a_defect_keeps_its_traceback() -> None:
    assert sentence_of(ModuleNotFoundError("No module", name="stedi_assets.nowhere")) is None
    assert sentence_of(chained(ValueError("of ours"))) is None
