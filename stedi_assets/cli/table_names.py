"""Names of tables as arguments: checked, and completed by the shell.

Only names; click types for any command that takes a table.
"""

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from stedi_assets.contracts import Contract


class TableName(click.ParamType[str]):
    """A table of the lakehouse: `click.argument("table", type=TableName())`."""

    name = "table"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in (known := table_names()):
            self.fail(f"no such table: {value}; known: {', '.join(known)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        return _starting_with(incomplete)


class TableNames(click.ParamType[str]):
    """Tables with commas between them. Whether they exist is for the command to say."""

    name = "tables"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        before, comma, last = incomplete.rpartition(",")
        return _starting_with(last, before=before + comma)


class TableSnapshot(click.ParamType[tuple[str, int]]):
    """TABLE=SNAPSHOT: a table and the number of one of its snapshots, as a pair."""

    name = "table=snapshot"

    def convert(
        self, value: str | tuple[str, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        table, _, snapshot = value.partition("=")
        if not (snapshot.isascii() and snapshot.isdigit()):
            self.fail(f"{value!r} is no TABLE=SNAPSHOT with the number of a snapshot", param, ctx)
        return TableName().convert(table, param, ctx), int(snapshot)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        return _starting_with(incomplete, after="=")


def table_names() -> list[str]:
    """Every table's name, in the order in which they are built."""
    return [contract.table for contract in _contracts()]


def _contracts() -> "tuple[Contract, ...]":
    from stedi_assets.contracts import CONTRACTS

    return CONTRACTS


def _starting_with(incomplete: str, before: str = "", after: str = "") -> list[CompletionItem]:
    return [
        CompletionItem(f"{before}{contract.table}{after}", help=contract.description)
        for contract in _contracts()
        if contract.table.startswith(incomplete)
    ]
