"""The main paths through the UI that `stedi dev` serves, in Chromium: the graph, a run, rows, checks, a refusal.

One home for all of them, in order: nothing has run, everything is published, then what lands fails a check. What is
asserted holds whoever started the last run, a user or a sensor.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import Page, expect

from stedi_assets.contracts import CONTRACTS, SOURCES
from stedi_assets.expectations import REFERENCE
from stedi_assets.lakehouse.services import find
from stedi_assets_tests.support import browser
from stedi_assets_tests.support.browser import PAGE_SECONDS, RUN_SECONDS, Ui, ended, node
from stedi_assets_tests.support.commands import command, stedi_dev

CUT_OFF = b'{"sensorReadingTime": 1655'
NOT_MATERIALIZED = re.compile(r"Run \w+ failed, and did not materialize this asset")
expect.set_options(timeout=PAGE_SECONDS * 1000)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that is served."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def ui(chromium: str, served: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    log = tmp_path_factory.mktemp("log") / "dev.log"
    with stedi_dev(served, log) as url, browser.browser() as opened:
        yield Ui(opened, url)


@pytest.fixture(scope="module")
def published(ui: Ui) -> str:
    """How a run of everything ended, launched in the UI on the synthetic set."""
    return ended(ui.materialize_all())


def fact(page: Page, name: str) -> str:
    """A value of the metadata that an asset's overview or an event shows."""
    row = page.locator("tr").filter(has=page.get_by_text(name, exact=True))
    return row.locator("td").last.inner_text().strip()


def snapshot(ui: Ui, key: str) -> str:
    """The published snapshot, as the asset's page tells it."""
    page = ui.asset(key)
    page.get_by_text("stedi/snapshot_id", exact=True).wait_for()
    return fact(page, "stedi/snapshot_id")


def shows_rows(ui: Ui, key: str) -> None:
    rows = REFERENCE[key.rpartition("/")[2]]
    expect(ui.asset(key).get_by_text(f"{rows:,}", exact=True).first).to_be_visible()


def test_the_graph_shows_every_source_and_table(ui: Ui) -> None:
    page = ui.graph()
    for name in [*SOURCES, *(contract.table for contract in CONTRACTS)]:
        expect(node(page, name)).to_be_visible()
    for group in ("raw", "landing", "trusted", "curated"):
        expect(page.locator("foreignObject.group").get_by_text(group, exact=True)).to_be_visible()


def test_materialize_all_publishes_every_table(ui: Ui, published: str) -> None:
    assert published == "Success"
    page = ui.graph()
    for contract in CONTRACTS:
        expect(node(page, contract.table)).to_contain_text("Materialized")


@pytest.mark.parametrize("key", ["trusted/customer_trusted", "curated/machine_learning_curated"])
def test_a_table_shows_its_rows(ui: Ui, published: str, key: str) -> None:
    shows_rows(ui, key)


def test_a_table_shows_its_checks_as_passed(ui: Ui, published: str) -> None:
    page = ui.asset("trusted/customer_trusted", "checks", "consent_by_email")
    expect(page.get_by_text("This is a blocking asset check.")).to_be_visible()
    expect(page.get_by_text("Passed", exact=True)).to_be_visible()
    total = int(page.get_by_text(re.compile(r"^Checks \(\d+\)$")).inner_text()[len("Checks (") : -1])
    expect(page.get_by_text("Succeeded", exact=True)).to_have_count(total)


def test_column_lineage_renders(ui: Ui, published: str) -> None:
    page = ui.asset("curated/machine_learning_curated")
    row = page.locator("tr").filter(has=page.get_by_text("stedi/column_lineage", exact=True))
    for column, source in (("x", "accelerometer_trusted.x"), ("subject_id", "accelerometer_trusted.user")):
        expect(row.locator("table tr").filter(has=page.get_by_text(column, exact=True))).to_contain_text(source)


def test_a_failed_check_is_named_and_stops_publication(ui: Ui, published: str, served: Path) -> None:
    services = find(served)
    assert services is not None
    boto3.client(
        "s3",
        endpoint_url=services.s3_url,
        aws_access_key_id=services.access_key,
        aws_secret_access_key=services.secret_key,
        region_name=services.region,
    ).put_object(Bucket=services.bucket, Key="landing/step_trainer/cut-off.json", Body=CUT_OFF * 20_000)
    no_run_is_on(ui)
    before = snapshot(ui, "landing/step_trainer_landing")

    run = ui.materialize_all()
    assert ended(run) == "Failure"
    expect(run.get_by_text("Failed: step_trainer_landing: quarantine_share expected 0, found").first).to_be_visible()
    check = ui.asset("landing/step_trainer_landing", "checks", "quarantine_share")
    expect(check.get_by_text("Evaluation result")).to_be_visible()
    expect(check.get_by_text("Failed", exact=True).last).to_be_visible()

    assert snapshot(ui, "landing/step_trainer_landing") == before
    for key in ("landing/step_trainer_landing", "curated/machine_learning_curated"):
        expect(ui.asset(key, "events").get_by_text(NOT_MATERIALIZED)).to_be_visible()
        shows_rows(ui, key)
    asked = "SELECT count(*) AS rows FROM machine_learning_curated"
    answered = command("stedi", "query", asked, "--format", "json", home=served)
    assert json.loads(answered.stdout) == [{"rows": REFERENCE["machine_learning_curated"]}]


def no_run_is_on(ui: Ui) -> None:
    """Waits for the end of what was launched before: it may have seen the landing zone as it was."""
    page = ui.open("/runs")
    for state in ("Queued (0)", "In progress (0)"):
        expect(page.get_by_text(state)).to_be_visible(timeout=RUN_SECONDS * 1000)
