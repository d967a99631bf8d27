"""The policies, each on the whole graph: what is published under it, and that nobody else decides."""

import pytest

from stedi_assets.contracts import (
    ACCELEROMETER_TRUSTED,
    CONTRACTS,
    CUSTOMERS_CURATED,
    MACHINE_LEARNING_CURATED,
    STEP_TRAINER_TRUSTED,
)
from stedi_assets.documentation import policy_rows
from stedi_assets.policy import Policy, policy_of
from stedi_assets.settings import REPOSITORY_DATA, Settings, SettingsError
from stedi_assets_tests.support.commands import REPOSITORY
from stedi_assets_tests.support.lake import (
    AGREED,
    TAKEN,
    Lake,
    bring,
    checks,
    customer,
    failed_checks,
    failure,
    motion,
    step,
)

TRUSTED_AND_CURATED = [contract for contract in CONTRACTS if contract.zone != "landing"]
FOUR = [(consent, serials) for consent in ("published", "at-reading") for serials in ("published", "unambiguous")]


@pytest.fixture(scope="module")
def data_lake(spark: object) -> Lake:
    """data/, landed."""
    lake = Lake()
    lake.drop_tables()
    lake.zone.mirror(REPOSITORY_DATA)
    assert lake.run(select=[contract for contract in CONTRACTS if contract.zone == "landing"]).success
    return lake


@pytest.mark.parametrize(("consent", "serials"), FOUR)
def test_the_counts_that_are_known_and_the_privacy_page_has_them(data_lake: Lake, consent: str, serials: str) -> None:
    result = data_lake.run(expect="reference", select=TRUSTED_AND_CURATED, consent=consent, serials=serials)
    assert result.success, failure(result)
    told = checks(result)
    counts = [
        int(str(told[contract.table, "row_count"].metadata["stedi/actual"].value)) for contract in TRUSTED_AND_CURATED
    ]
    own = int(str(told["machine_learning_curated", "same_customer"].metadata["stedi/actual"].value))
    assert counts[-1] == (43_681 if consent == "published" else 34_253)
    assert own == (40_981 if consent == "published" else 32_025)
    (row,) = policy_rows({(consent, serials): [*counts, own]})
    assert row in (REPOSITORY / "docs" / "privacy.md").read_text().splitlines()
    summary = data_lake.catalog.load_table("stedi.machine_learning_curated").current_snapshot()
    assert summary is not None
    assert summary.summary is not None
    assert (summary.summary["stedi.consent"], summary.summary["stedi.serials"]) == (consent, serials)


@pytest.mark.parametrize(("consent", "serials"), FOUR)
def test_thirty_serials_of_thousands_multiply_nothing(
    lake: Lake, tmp_path_factory: pytest.TempPathFactory, consent: str, serials: str
) -> None:
    """Three of the thirty are of people who all agree; the others are half of people who do not."""
    people = range(3_000)
    agrees = [n % 30 < 3 or n // 30 % 2 == 0 for n in people]
    customers = [customer(f"c{n}@x.org", f"s{n % 30}", agreed=AGREED if agrees[n] else None) for n in people]
    motions = [motion(f"c{n}@x.org", TAKEN + n) for n in people]
    steps = [step(f"s{n % 30}", TAKEN + n) for n in range(300)]
    bring(lake, tmp_path_factory.mktemp("landing"), customers, motions, steps)
    result = lake.run(consent=consent, serials=serials)
    assert result.success, failure(result)
    used = {f"s{n}" for n in range(30) if n < 3 or serials == "published"}
    expected = sorted(f"s{n % 30}" for n in range(300) if f"s{n % 30}" in used)
    assert lake.rows(STEP_TRAINER_TRUSTED, "serialnumber") == expected
    assert len(lake.rows(ACCELEROMETER_TRUSTED)) == len(lake.rows(CUSTOMERS_CURATED)) == sum(agrees)
    assert len(lake.rows(MACHINE_LEARNING_CURATED)) == sum(f"s{n % 30}" in used and agrees[n] for n in range(300))
    told = checks(result)
    assert failed_checks(result) >= {("step_trainer_trusted", "shared_serials")}
    assert told["step_trainer_trusted", "shared_serials"].metadata["stedi/actual"].value == 27
    assert told["step_trainer_trusted", "readings_of_shared_serials"].metadata["stedi/actual"].value == 270


def test_with_too_few_subjects_the_old_version_is_replaced_by_nothing(
    lake: Lake, landed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake.run().success
    assert lake.rows(MACHINE_LEARNING_CURATED) != []
    monkeypatch.setenv("STEDI_MINIMUM_SUBJECTS", "3")
    result = lake.run()
    assert result.success, failure(result)
    assert lake.rows(MACHINE_LEARNING_CURATED) == []
    assert ("machine_learning_curated", "minimum_subjects") in failed_checks(result)


def test_an_unknown_policy_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="'sometimes': published or at-reading is expected"):
        policy_of(Settings.load({}), 0, consent="sometimes")
    monkeypatch.setenv("STEDI_SERIALS", "guessed")
    with pytest.raises(SettingsError, match="'guessed': published or unambiguous is expected"):
        policy_of(Settings.load(), 0)


def test_a_policy_is_chosen_by_setting_and_by_configuration() -> None:
    settings = Settings.load({"STEDI_CONSENT": "at-reading", "STEDI_MINIMUM_SUBJECTS": "5"})
    assert policy_of(settings, 7) == Policy(7, "at-reading", "published", 5)
    assert policy_of(settings, 7, consent="published", serials="unambiguous") == Policy(
        7, "published", "unambiguous", 5
    )
