"""What a table tells about itself in the Dagster UI.

Here: contracts, staged files and verdicts as Dagster metadata. No value of a personal column ever.
"""

from collections.abc import Sequence
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
    TableColumn,
    TableColumnDep,
    TableColumnLineage,
    TableSchema,
)

from stedi_assets.audits import EXAMPLE, Verdict, checks_of
from stedi_assets.contracts import Contract, contract_of
from stedi_assets.lakehouse.publication import AUDITED, BUILT, OURS, VERSION, Published, Staged

OWNERS = ["team:data-engineering"]
KINDS = {"pyspark", "iceberg", "s3"}
SUMMARY = "stedi/summary"


def key_of(contract: Contract) -> AssetKey:
    """A table's asset key: zone/table."""
    return AssetKey([contract.zone, contract.table])


def declared(contract: Contract) -> dict[str, Any]:
    """What is known of a table before it is built: its name and its columns."""
    return {
        "dagster/table_name": f"stedi.{contract.table}",
        "dagster/column_schema": TableSchema(
            [
                TableColumn(
                    column.name,
                    column.type,
                    column.comment,
                    tags={"personal": ""} if column.personal else None,
                )
                for column in contract.columns
            ]
        ),
    }


def _origins(contract: Contract) -> str:
    """The lineage of the columns for people. The UI shows at once what has less than 1,000 characters."""
    lines = ["| column | comes from | landed as |", "| --- | --- | --- |"]
    for column in contract.columns:
        landed = dict.fromkeys(place for source in column.derived_from for place in _landed(source))
        lines.append(f"| {column.name} | {', '.join(column.derived_from)} | {', '.join(landed)} |")
    return "\n".join(lines)


def _landed(source: str) -> list[str]:
    """The columns of landing tables that a "table.column" goes back to."""
    table, _, name = source.partition(".")
    further = contract_of(table).column(name).derived_from
    return [place for upstream in further for place in _landed(upstream)] if further else [source]


def lineage(contract: Contract) -> dict[str, Any]:
    """Which upstream columns each column comes from."""
    deps = {
        column.name: [
            TableColumnDep(asset_key=key_of(contract_of(table)), column_name=name)
            for table, _, name in (source.partition(".") for source in column.derived_from)
        ]
        for column in contract.columns
        if column.derived_from
    }
    if not deps:
        return {}
    # Dagster's own web UI keeps the first and draws nothing from it; the second is what a person sees there.
    return {
        "dagster/column_lineage": TableColumnLineage(deps),
        "stedi/column_lineage": MetadataValue.md(_origins(contract)),
    }


def check_specs(contract: Contract) -> list[AssetCheckSpec]:
    """The table's checks as Dagster lists them."""
    return [
        AssetCheckSpec(
            check.name,
            asset=key_of(contract),
            description=check.description,
            blocking=check.severity == "ERROR",
            metadata={"stedi/severity": check.severity},
        )
        for check in checks_of(contract)
    ]


def result_of(
    contract: Contract, value: Staged | Published, preview: str, verdicts: Sequence[Verdict], is_new: bool = True
) -> MaterializeResult[Staged | Published]:
    """A table as its step hands it over. `is_new`: whether this run publishes it, or found it as it is to be."""
    summary = value.facts if isinstance(value, Staged) else value.summary
    how = (BUILT, AUDITED) if is_new else ()
    return MaterializeResult(
        asset_key=key_of(contract),
        value=value,
        metadata={
            **lineage(contract),
            "stedi/preview": MetadataValue.md(preview),
            **{f"stedi/{name.removeprefix(OURS)}": summary[name] for name in how if name in summary},
            **({} if is_new else {"stedi/unchanged": True}),
        },
        check_results=[check_result(verdict) for verdict in verdicts],
        data_version=DataVersion(summary[VERSION]) if VERSION in summary else None,
    )


def failure(said: str, blocked: Sequence[Verdict] = ()) -> Failure:
    """The end of a step whose tables are not published; not to be retried."""
    names = [f"{verdict.table}.{verdict.check}" for verdict in blocked]
    metadata = {"stedi/failed_checks": MetadataValue.json(names)}
    return Failure(description=said, metadata=metadata, allow_retries=False)


def check_result(verdict: Verdict) -> AssetCheckResult:
    """A verdict as Dagster's check result: what was expected, what was found, both for people to read, an example."""
    return AssetCheckResult(
        check_name=verdict.check,
        asset_key=key_of(contract_of(verdict.table)),
        passed=verdict.passed,
        severity=AssetCheckSeverity.ERROR if verdict.severity == "ERROR" else AssetCheckSeverity.WARN,
        metadata={
            "stedi/expected": verdict.expected,
            "stedi/actual": verdict.actual,
            SUMMARY: MetadataValue.md(_summary(verdict)),
            **{f"stedi/{what.replace(' ', '_')}": names for what, names in verdict.details.items()},
        },
    )


def _summary(verdict: Verdict) -> str:
    """A verdict in a small table; of one that did not pass, an example that tells nobody's data."""
    said = "passed" if verdict.passed else "failed: not published" if verdict.blocks else "deserves a look"
    numbers = ["" if number is None else f"{number:,}" for number in (verdict.expected, verdict.actual)]
    lines = [
        "| check | expected | actual | verdict |",
        "| --- | ---: | ---: | --- |",
        f"| {verdict.check} | {' | '.join(numbers)} | {said} |",
    ]
    if example := verdict.details.get(EXAMPLE):
        lines += ["", f"For example: {example}."]
    return "\n".join(lines)
