"""The README's promises: its lines of Python give the training table, its files exist, its commands are the ones."""

import re
from typing import Any

import pytest

from stedi_assets.cli.main import stedi
from stedi_assets.contracts import CONTRACTS
from stedi_assets_tests.commands import REPOSITORY
from stedi_assets_tests.lake import CUSTOMERS, MOTIONS, STEPS, Lake, bring

README = (REPOSITORY / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_each_reader_has_its_two_lines() -> None:
    for reader, snippet in zip(("to_pandas()", "to_polars()", "to_duckdb(", "spark_table("), SNIPPETS, strict=True):
        assert reader in snippet
        assert len(snippet.strip().splitlines()) == 2


def test_the_lines_give_the_training_table(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> None:
    bring(lake, tmp_path_factory.mktemp("landing"), CUSTOMERS, MOTIONS, STEPS)
    assert lake.run().success
    counted = []
    for snippet in SNIPPETS:
        names: dict[str, Any] = {}
        exec(snippet, names)
        training = names["training"]
        counted.append(training.count() if "spark_table(" in snippet else len(training))
    assert counted == [5, 5, 5, 5]


def test_an_older_snapshot_is_read_by_its_id(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> None:
    from stedi_assets.contracts import CUSTOMER_TRUSTED
    from stedi_assets.reading import spark_table, table

    folder = tmp_path_factory.mktemp("landing")
    bring(lake, folder, CUSTOMERS, MOTIONS, STEPS)
    lake.run()
    first = lake.snapshot(CUSTOMER_TRUSTED)
    bring(lake, folder, CUSTOMERS[:1], MOTIONS, STEPS)
    lake.run()
    assert (len(table("customer_trusted").to_arrow()), len(table("customer_trusted", first).to_arrow())) == (1, 2)
    assert (spark_table("customer_trusted").count(), spark_table("customer_trusted", first).count()) == (1, 2)


def test_an_unknown_table_is_named_with_the_known_ones() -> None:
    from stedi_assets.reading import table

    with pytest.raises(KeyError, match="no table 'customers'; known: customer_landing"):
        table("customers")


def test_what_it_names_exists() -> None:
    linked = [target for target in re.findall(r"\]\(([^)]+)\)", README) if not target.startswith("https://")]
    assert linked
    assert all((REPOSITORY / target).exists() for target in linked)
    assert set(re.findall(r"`?(?:\.venv/bin/)?stedi ([\w-]+)", README)) - {"lakehouse"} <= set(stedi.commands)
    assert all(f"`{contract.table}`" in README for contract in CONTRACTS)


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in README
    assert (REPOSITORY / ".ci" / "run").read_text().rstrip().endswith("make test")
