"""What is not sound is not published: readers keep what they had, and nothing downstream is built."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stedi_assets.audits import Audit, run
from stedi_assets.contracts import CONTRACTS, CUSTOMER_TRUSTED, Contract
from stedi_assets.contracts.model import Check
from stedi_assets_tests.support.lake import STEPS, Lake, bring, failed_checks, failure, lines, materialized

TRUSTED_AND_CURATED = [contract for contract in CONTRACTS if contract.zone != "landing"]


@pytest.fixture(scope="module")
def published(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The small set, published once: no test here publishes anything else."""
    lake = Lake()
    lake.drop_tables()
    bring(lake, tmp_path_factory.mktemp("landing"))
    assert lake.run().success
    yield lake
    lake.drop_tables()


@pytest.mark.parametrize("contract", TRUSTED_AND_CURATED, ids=lambda contract: contract.table)
def test_a_failed_audit_leaves_the_published_table_and_stops_what_is_downstream(
    published: Lake, tmp_path: Path, contract: Contract
) -> None:
    lake = published
    before = {table.table: lake.snapshot(table) for table in TRUSTED_AND_CURATED}
    files_before = lake.keys("lake", f"stedi/{contract.table}/data/")
    expectations = tmp_path / "expected.json"
    expectations.write_text(json.dumps({contract.table: 99}))
    result = lake.run(expect=str(expectations), select=TRUSTED_AND_CURATED)
    assert not result.success
    assert f"{contract.table}: expected_rows expected 99" in failure(result)
    assert failed_checks(result) >= {(contract.table, "expected_rows")}
    assert contract.table not in materialized(result)
    assert lake.snapshot(contract) == before[contract.table]
    assert lake.keys("lake", f"stedi/{contract.table}/data/") == files_before, "what was staged is deleted"
    untouched = {name for name, snapshot in before.items() if lake.snapshot(_of(name)) == snapshot}
    assert untouched >= {table.table for table in TRUSTED_AND_CURATED if contract.table in _ancestors(table)}


def _of(table: str) -> Contract:
    return next(contract for contract in CONTRACTS if contract.table == table)


def _ancestors(contract: Contract) -> set[str]:
    direct = {source.partition(".")[0] for column in contract.columns for source in column.derived_from}
    direct |= {reference.table for reference in contract.references}
    return direct.union(*(_ancestors(_of(table)) for table in direct))


def test_an_audit_that_breaks_publishes_nothing(published: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = published
    before = lake.snapshot(CUSTOMER_TRUSTED)

    def breaks(_audit: Audit) -> None:
        raise RuntimeError("the audit broke")

    monkeypatch.setattr(Audit, "verdicts", breaks)
    result = lake.run(select=[CUSTOMER_TRUSTED], full=True)
    assert not result.success
    assert "the audit broke" in failure(result)
    assert lake.snapshot(CUSTOMER_TRUSTED) == before
    assert materialized(result) == set()


def test_an_audit_that_hangs_publishes_nothing(published: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = published
    before = lake.snapshot(CUSTOMER_TRUSTED)
    files_before = lake.keys("lake", "stedi/customer_trusted/data/")
    endless = "SELECT sum(hash(a.id, b.id)) FROM range(10000000) a CROSS JOIN range(10000) b"
    monkeypatch.setattr(run, "checks_of", lambda _contract: (Check("endless", "It ends in some hours.", endless),))
    monkeypatch.setenv("STEDI_AUDIT_TIMEOUT_SECONDS", "2")
    result = lake.run(select=[CUSTOMER_TRUSTED], full=True)
    assert not result.success
    assert "the checks of customer_trusted did not end within 2 s" in failure(result)
    assert "STEDI_AUDIT_TIMEOUT_SECONDS" in failure(result)
    assert lake.snapshot(CUSTOMER_TRUSTED) == before
    assert lake.keys("lake", "stedi/customer_trusted/data/") == files_before, "what was staged is deleted"
    assert materialized(result) == set()


@pytest.mark.parametrize("broken", [None, RuntimeError("broke"), ConnectionError("reset")], ids=repr)
def test_no_audit_is_tried_again(
    lake: Lake, landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Exception | None
) -> None:
    """Neither one that failed nor one that broke, also if it broke by a lost connection."""
    expectations = tmp_path / "expected.json"
    expectations.write_text(json.dumps({"customer_trusted": 99}))
    asked: list[str] = []
    verdicts = Audit.verdicts

    def counted(audit: Audit) -> object:
        asked.append(audit.contract.table)
        if broken and audit.contract == CUSTOMER_TRUSTED:
            raise broken
        return verdicts(audit)

    monkeypatch.setattr(Audit, "verdicts", counted)
    landing = [contract for contract in CONTRACTS if contract.zone == "landing"]
    result = lake.run(expect=str(expectations), select=[*landing, CUSTOMER_TRUSTED])
    assert not result.success
    assert asked.count("customer_trusted") == 1
    assert len(asked) == len(set(asked))


def test_damage_beyond_the_share_publishes_nothing(lake: Lake, landed: Path) -> None:
    lake.run()
    before = {contract.table: lake.snapshot(contract) for contract in CONTRACTS}
    bring(lake, landed, steps=lines(STEPS) + '{"cut')
    result = lake.run()
    assert not result.success
    assert materialized(result) == set()
    assert ("step_trainer_landing", "quarantine_share") in failed_checks(result)
    assert "quarantine_share" in failure(result)
    assert {contract.table: lake.snapshot(contract) for contract in CONTRACTS} == before
