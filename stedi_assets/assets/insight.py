"""Pictures of the tables and the dashboard of their checks, made after publication, as assets of their own.

Here: which picture is on which table, and telling Dagster. Not here: what is counted and how it looks (`insight`).
They read what is published and are read by nothing: whatever becomes of them, the tables are as they were. Each picture
is also observed on the tables that it shows, so that it is found on their pages.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetIn,
    AssetKey,
    AssetObservation,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    Nothing,
    asset,
)

from stedi_assets.assets.metadata import OWNERS, key_of
from stedi_assets.contracts import CONTRACTS, contract_of
from stedi_assets.insight.published import Opened

INSIGHT = "insight"
ALL = tuple(contract.table for contract in CONTRACTS)
Picture = tuple[bytes, Mapping[str, float]]


def _readings_over_time(tables: Opened) -> Picture:
    from stedi_assets.insight import aggregates, plots

    bins = aggregates.readings_over_time(tables)
    return plots.readings_over_time(bins), {name.replace(" ", "_"): bins.total(name) for name in bins.series}


def _distance(tables: Opened) -> Picture:
    from stedi_assets.insight import aggregates, plots

    bins = aggregates.distance(tables)
    return plots.distance(bins), {"step_readings": bins.total("step readings"), **_ends(bins)}


def _movement(tables: Opened) -> Picture:
    from stedi_assets.insight import aggregates, plots

    bins = aggregates.movement(tables)
    return plots.movement(bins), {"motion_readings": bins.total("x"), **_ends(bins)}


def _consent_share(tables: Opened) -> Picture:
    from stedi_assets.insight import aggregates, plots

    consent = aggregates.consent(tables)
    counts = {"agree": consent.agree, "agree_later": consent.agree_later, "withdrew": consent.withdrew}
    share = {"consent_share": round(consent.share, 4), "customers": consent.customers}
    return plots.consent_share(consent), {**share, **counts, "never_agreed": consent.never_agreed}


def _rows_by_zone(tables: Opened) -> Picture:
    from stedi_assets.insight import aggregates, plots

    streams = aggregates.rows_by_zone(tables)
    return plots.rows_by_zone(streams), {table: rows for along in streams.values() for table, rows in along}


def _ends(bins: Any) -> dict[str, float]:
    return {"least": bins.edges[0], "most": bins.edges[-1]} if bins.length else {}


def _after(tables: tuple[str, ...]) -> dict[str, AssetIn]:
    """These tables upstream, without their IO manager: Dagster sets up what a mere dep names, and with it the engine,
    and the home's lock."""
    return {
        table: AssetIn(key_of(contract_of(table)), dagster_type=Nothing, input_manager_key="io_manager")
        for table in tables
    }


def _picture(
    name: str, tables: tuple[str, ...], description: str, draw: Callable[[Opened], Picture]
) -> AssetsDefinition:
    """A picture as an asset: made from what is published of these tables, and observed on each."""

    @asset(
        key=AssetKey([INSIGHT, name]),
        ins=_after(tables),
        description=description,
        group_name=INSIGHT,
        owners=OWNERS,
        kinds={"matplotlib", "duckdb"},
    )
    def made(context: AssetExecutionContext) -> MaterializeResult[None]:
        from stedi_assets.insight.markdown import picture

        with _open(tables) as found:
            png, numbers = draw(found)
        shown = {"stedi/plot": MetadataValue.md(picture(description, png))}
        for table in tables:
            context.log_event(AssetObservation(key_of(contract_of(table)), description=description, metadata=shown))
        return MaterializeResult(metadata={**shown, **{f"stedi/{what}": number for what, number in numbers.items()}})

    return made


@asset(
    ins=_after(ALL),
    description="The checks of every table at a glance: how many hold, which deserve a look, which snapshot they "
    "judged; and from landing to training what each step left out and why. `stedi report` writes it as a page.",
    group_name=INSIGHT,
    owners=OWNERS,
    kinds={"duckdb"},
)
def check_dashboard() -> MaterializeResult[None]:
    """From the published snapshots alone: whoever has the catalog can make it."""
    from stedi_assets.insight import aggregates, markdown, plots
    from stedi_assets.insight.facts import tables_of
    from stedi_assets.insight.funnel import steps

    with _open(ALL) as found:
        tables, quarantine = tables_of(found), aggregates.quarantine(found)
        told = markdown.dashboard(tables, steps(found), quarantine)
        zones = plots.rows_by_zone(aggregates.rows_by_zone(found))
    warnings = [verdict for table in tables for verdict in table.warnings]
    return MaterializeResult(
        metadata={
            "stedi/dashboard": MetadataValue.md(told),
            "stedi/plot": MetadataValue.md(markdown.picture("Rows by zone", zones)),
            "stedi/checks": sum(len(table.verdicts) for table in tables),
            "stedi/checks_passed": sum(table.passed for table in tables),
            "stedi/warnings": sum(not verdict.blocks for verdict in warnings),
            "stedi/blocking_failures": sum(verdict.blocks for verdict in warnings),
            "stedi/quarantined": sum(quarantine.values()),
        }
    )


def _open(tables: tuple[str, ...]) -> Any:
    """The published tables. Raises NeverPublishedError, ServicesError, StoreError."""
    from stedi_assets.insight.published import opened
    from stedi_assets.lakehouse.catalog import open_catalog
    from stedi_assets.lakehouse.connection import connect
    from stedi_assets.settings import Settings

    return opened(open_catalog(connect(Settings.load())), tuple(contract_of(table) for table in tables))


insights = [
    _picture(
        "readings_over_time",
        ("accelerometer_landing", "accelerometer_trusted", "step_trainer_landing", "step_trainer_trusted"),
        "How many motion and step readings were taken when: all that landed, and those that may be used.",
        _readings_over_time,
    ),
    _picture(
        "distance",
        ("step_trainer_trusted",),
        "How far the object was that the step trainers saw, in centimetres, over all trusted step readings.",
        _distance,
    ),
    _picture(
        "movement",
        ("accelerometer_trusted",),
        "How the phones moved along each axis, over all trusted motion readings.",
        _movement,
    ),
    _picture(
        "consent_share",
        ("customer_landing", "customer_trusted"),
        "How many customers agree to research, withdrew, or never agreed, by the newest record of each.",
        _consent_share,
    ),
    _picture(
        "rows_by_zone",
        tuple(contract.table for contract in CONTRACTS if contract.table != "landing_quarantine"),
        "How many rows of each stream are left from landing to trusted to curated.",
        _rows_by_zone,
    ),
    check_dashboard,
]
