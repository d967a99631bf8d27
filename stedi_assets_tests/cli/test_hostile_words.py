"""Words that attack, as they reach SQL or a terminal: names of tables and columns, options, files on this machine."""

import io
import os
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from stedi_assets.aws.athena import raw_table_statements
from stedi_assets.cli.progress import Progress
from stedi_assets.cli.terminal import in_colour, print_line, print_table, printable
from stedi_assets.contracts import CUSTOMER_LANDING
from stedi_assets_tests.support.commands import command, on_a_terminal
from stedi_assets_tests.support.hostile import OBJECTS, with_control
from stedi_assets_tests.support.lake import CUSTOMERS, MOTIONS, STEPS, Lake, customer, failure, lines, write_landing

TABLE = 'customer_landing"; DROP TABLE customer_landing; --\x1b[2J'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_no_visible_character_stands_as_python_writes_it() -> None:
    assert printable("a\x1b[2J\n\r\t\x07\u202e\udcff b") == "a\\x1b[2J\\n\\r\\t\\x07\\u202e\\udcff b"
    assert printable("ünï 中文 🙂 ✓ …") == "ünï 中文 🙂 ✓ …"
    assert all(printable(name).isprintable() for name in OBJECTS)


def test_our_colours_stay_in_a_line_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    red = in_colour("FAILED", "red", Terminal())
    assert red != "FAILED"
    print_line(f"{red}  a\x1b[2J")
    assert capsys.readouterr().out == f"{red}  a\\x1b[2J\n"


def test_a_table_keeps_a_row_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["na\nme", "n"], [["a\nb\x1b[2J", "1"], ["c", "2"]], right=[1], colours={(0, 0): "red"})
    assert capsys.readouterr().out.splitlines() == [
        "na\\nme       n",
        "-----------  -",
        "a\\nb\\x1b[2J  1",
        "c            2",
    ]


def test_progress_on_a_terminal_takes_a_path_for_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress() as progress:
        progress.say("mirrored [/bold] [red]x[/] \x1b[2J")
    with redirect_stderr(io.StringIO()) as plain:
        Progress().say("mirrored a\nb\x1b[2J")
    assert plain.getvalue() == "mirrored a\\nb\\x1b[2J\n"


@pytest.mark.parametrize(
    "words",
    [
        ("history", TABLE),
        ("rollback", TABLE),
        ("run", "--select", TABLE),
        ("query", "SELECT 1", "--as-of", f"{TABLE}=1"),
        ("query", "SELECT 1", "--as-of", "customer_landing=1; DROP TABLE x"),
        ("run", "--consent", TABLE),
        ("deliver", TABLE, "/nowhere"),
        ("deliver", "customer", "/nowhere\x1b[2J\n.json"),
        ("run", "--landing", "s3://b'; DROP TABLE x; --\x1b[2J"),
        ("query", 'SELECT * FROM "x\x1b[2J"'),
    ],
)
def test_a_word_that_is_none_is_refused_in_one_plain_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    shown = on_a_terminal("stedi", *words, home=home, NO_COLOR="1")
    assert "Traceback" not in shown
    _, stedi, sentence = shown.rpartition("stedi: ")  # what moves before it, where work has begun, is ours
    assert stedi
    assert with_control(sentence.replace("\r\n", "\n")) == []
    finished = command("stedi", *words, home=home)
    assert finished.returncode == 2
    assert len([line for line in finished.stderr.splitlines() if line.startswith("stedi: ")]) == 1


def test_a_file_of_any_name_is_delivered_or_refused_in_plain_words(home: Path, tmp_path: Path, lake: Lake) -> None:
    names = [name for name in OBJECTS if "/" not in name] + [os.fsdecode(b"bytes\xff\xfe.json"), "back\\slash.json"]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(lines([customer(f"p{number}@x.org", f"s{number}")]))
    finished = command("stedi", "deliver", "customer", str(tmp_path), "--id", "hostile", home=home)
    assert finished.returncode == 0, finished.stderr
    assert f"{len(names)} objects" in finished.stdout
    for name in names:
        (tmp_path / name).write_text("{}")
    changed = command("stedi", "deliver", "customer", str(tmp_path), "--id", "hostile", home=home)
    assert changed.returncode == 2
    assert with_control(changed.stderr) == []
    assert len(changed.stderr.splitlines()) == 1
    other = os.fsdecode(b"bytes\xff\x1b[2J.txt")
    (tmp_path / other).touch()
    refused = command("stedi", "deliver", "customer", str(tmp_path / other), home=home)
    assert (refused.returncode, with_control(refused.stderr), "Traceback" in refused.stderr) == (2, [], False)
    for key in lake.keys(lake.store.bucket, "landing/customer/delivery/hostile/"):
        lake.s3.delete_object(Bucket=lake.store.bucket, Key=key)


def test_a_prefix_stays_within_its_literal() -> None:
    landing = "s3://lake/it's; DROP DATABASE stedi; --/landing"
    for statement in raw_table_statements(landing)[1:]:
        (parsed,) = sqlglot.parse(statement.replace("''", ""), read="hive")
        assert parsed is not None
        assert "LOCATION 's3://lake/it''s; DROP DATABASE stedi; --/landing/" in statement
        assert statement.count("'") % 2 == 0


def test_names_of_fields_are_kept_as_text_and_become_no_column(lake: Lake) -> None:
    hostile = {'x"; DROP TABLE customer_landing; --': 1, "<script>alert(1)</script>": 2, "`a` \x1b[2J": 3, "a,b": 4}
    lake.put("customer/c.json", lines([{**customer("ann@x.org", "s1"), **hostile}]))
    lake.put("accelerometer/a.json", lines(MOTIONS))
    lake.put("step_trainer/s.json", lines(STEPS))
    result = lake.run()
    assert result.success, failure(result)
    (extra,) = lake.rows(CUSTOMER_LANDING, "extra_fields")
    assert all(name.lower() in extra.lower() for name in hostile)
    schema: Any = lake.catalog.load_table("stedi.customer_landing").schema()
    assert [field.name for field in schema.fields] == list(CUSTOMER_LANDING.column_names)
    kept = [str(entry) for run in lake.instance.get_runs() for entry in lake.instance.all_logs(run.run_id)]
    assert not [text for text in kept if "<script>" in text or "DROP TABLE" in text or "\x1b[2J" in text]


def test_a_home_of_any_name_works(tmp_path: Path) -> None:
    home = tmp_path / 'it\'s a "home"; -- [x] ünï $(id)'
    try:
        landing = write_landing(tmp_path / "landing", *map(lines, (CUSTOMERS, MOTIONS, STEPS)))
        finished = command("stedi", "run", "--landing", str(landing), home=home, folder=tmp_path)
        assert finished.returncode == 0, finished.stderr
        asked = command("stedi", "query", "SELECT count(*) FROM customer_trusted", "--format", "csv", home=home)
        assert asked.stdout.splitlines()[1] == "2", asked.stderr
    finally:
        command("stedi", "down", home=home)
