"""What a user does wrong is said in one sentence, with exit status 2 and no traceback."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.settings import Settings
from stedi_assets_tests.support.commands import REPOSITORY, command
from stedi_assets_tests.support.lake import MOTIONS, STEPS, customer, lines, write_landing


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--landing", "/nowhere"], "/nowhere is no folder"),
        (["run", "--landing", "s3://nowhere/at-all"], "there is no bucket nowhere"),
        (["run", "--landing", "s3://"], "s3://BUCKET/PREFIX is expected"),
        (["run", "--landing", "in", "--select", "customer_trusted"], "--select leaves the landing tables out"),
        (["run", "--json", "."], "is a directory"),
        (["dev", "--port", "70000"], "70000 is not in the range"),
        (["run", "--expect", "/nowhere.json"], "/nowhere.json: cannot be read"),
        (["run", "--select", "no_such_table"], "no such table: no_such_table; known: customer_landing"),
        (["run", "--json", "/nowhere/r.json"], "/nowhere is no folder"),
        (["run", "--consent", "sometimes"], "'sometimes' is not one of 'published', 'at-reading'"),
        (["run", "--serials", "guessed"], "'guessed' is not one of 'published', 'unambiguous'"),
        (["forget"], "expected EMAIL, or - to read it from standard input, or --withdrawn"),
        (["forget", "a@x.org", "--withdrawn"], "expected EMAIL, or - to read it from standard input, or --withdrawn"),
        (["forget", "nobody"], "is no email address"),
        (["forget", "-"], "is no email address"),
        (["forget", "caf\udce9@x.org"], "is no email address"),
        (["forget", "a@x.org", "--json", "/nowhere/r.json"], "/nowhere is no folder"),
        (["query", "SELECT * FROM customer_trusted"], "customer_trusted was never published"),
        (["rollback", "no_such_table"], "no such table: no_such_table; known: customer_landing"),
        (["history", "customer_trusted"], "customer_trusted was never published"),
        (["run", "extra"], "unexpected: extra"),
        (["generate", "--scale", "0", "--out", "x"], "0 is not in the range"),
        (["no-such-command"], "No such command 'no-such-command' (see stedi --help)"),
        (["run", "--quit"], "No such option '--quit', did you mean '--quiet'? (see stedi run --help)"),
        (["query"], "expected SQL, or --file FILE with it (see stedi query --help)"),
        (["query", "SELECT 'caf\udce9'"], "the SQL is expected in UTF-8"),
        (["query", "SELECT 1", "--as-of", "customers=1"], "no such table: customers; known: customer_landing"),
        (["query", "SELECT 1", "--as-of", "customer_trusted"], "'customer_trusted' is no TABLE=SNAPSHOT"),
        (["query", "SELECT 1", "--as-of", "customer_trusted=1"], "names customer_trusted, which the query does not"),
        (["query", "FROM customer_trusted", *["--as-of", "customer_trusted=1"] * 2], "names a table twice"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_wrong_usage_is_exit_2_and_one_sentence(own_home: Path, words: list[str], said: str) -> None:
    finished = command("stedi", *words, home=own_home)
    assert finished.returncode == 2
    *before, sentence = finished.stderr.splitlines()
    assert sentence.startswith("stedi: ")
    assert said in sentence
    assert before in ([], ["starting"])


def test_a_setting_that_cannot_be_used_is_named(own_home: Path) -> None:
    finished = command("stedi", "run", home=own_home, STEDI_MAX_QUARANTINE_SHARE="lots")
    assert finished.returncode == 2
    assert finished.stderr == ("stedi: STEDI_MAX_QUARANTINE_SHARE is 'lots': a number from 0 to 1 is expected\n")


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("STEDI_CONSENT", "sometimes", "the policy consent is 'sometimes': published or at-reading is expected"),
        ("STEDI_SERIALS", "guessed", "the policy serials is 'guessed': published or unambiguous is expected"),
        ("STEDI_PSEUDONYM_SECRET", "too short", "STEDI_PSEUDONYM_SECRET has 9 bytes: at least 32 are expected"),
    ],
)
def test_a_policy_or_a_key_that_cannot_be_used_is_refused(own_home: Path, setting: str, value: str, said: str) -> None:
    finished = command("stedi", "run", home=own_home, folder=REPOSITORY, **{setting: value})
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"stedi: {said}")
    assert "Traceback" not in finished.stderr


def test_nobody_to_judge_by_is_exit_1_and_one_message(own_home: Path) -> None:
    finished = command("stedi", "forget", "--withdrawn", home=own_home)
    assert finished.returncode == 1
    assert "no customer record" in finished.stdout
    assert "Traceback" not in finished.stdout + finished.stderr


@pytest.mark.parametrize("packed", [False, True], ids=["by its listed size", "by a worker, as it unpacks"])
def test_too_large_an_object_is_one_sentence(own_home: Path, tmp_path: Path, packed: bool) -> None:
    customers = lines([customer("ann@x.org", "s1")] * 200)
    landing = write_landing(tmp_path / "landing", customers, lines(MOTIONS), lines(STEPS))
    if packed:
        (landing / "customer/customer.json").write_bytes(gzip.compress(customers.encode()))
    finished = command("stedi", "run", "--landing", str(landing), home=own_home, STEDI_MAX_OBJECT_BYTES="9000")
    assert finished.returncode == 1
    (said,) = [line for line in finished.stdout.splitlines() if line.startswith("FAILED")]
    assert ("bytes that unpack to more than 9,000" in said) is packed
    assert "of text, at most 9,000 are allowed: split the object, or raise STEDI_MAX_OBJECT_BYTES" in said
    assert "Traceback" not in finished.stdout + finished.stderr


def test_erasure_waits_for_a_run_and_spares_what_it_has_staged(own_home: Path) -> None:
    with home_lock(replace(Settings.load(), home=own_home), lambda _text: None):
        finished = command("stedi", "forget", "a@x.org", home=own_home, STEDI_LOCK_TIMEOUT_SECONDS="1")
    assert finished.returncode == 1
    assert "another run has been working" in finished.stderr
    assert not (own_home / "erasure.key").exists(), "nothing was begun"
