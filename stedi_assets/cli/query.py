"""`stedi query`: SQL over the published tables, read only. The local counterpart of Athena.

DuckDB reads the files of each table's current snapshot, or of a kept one, through Arrow; only the tables that the SQL
names are opened.
"""

import csv
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.terminal import print_table, printable
from stedi_assets.contracts import CONTRACTS
from stedi_assets.lakehouse.arrow import damage_told, dataset
from stedi_assets.lakehouse.catalog import NAMESPACE, open_catalog, published_scan
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.damage import PublishedScan
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    import duckdb


def answer(sql: str, style: str, as_of: Sequence[tuple[str, int]] = ()) -> None:
    """Prints the result as a table, as CSV or as a JSON array of objects. Raises UsageError for SQL that fails.

    as_of: tables, each with the snapshot to read instead of the current one. Raises UnknownSnapshotError.
    """
    import duckdb

    _refuse_unreadable(sql)
    names = _named_tables(sql)
    snapshots = _snapshots(as_of, names)
    database = duckdb.connect(config={"python_enable_replacements": "false"})
    scans: dict[str, PublishedScan] = {}
    try:
        _open(database, names, snapshots, scans)
        # From here on the SQL is the user's: no files, no network, no way to switch that off.
        database.execute("SET enable_external_access = false; SET lock_configuration = true")
        result = database.execute(sql)
        columns = [column[0] for column in result.description or ()]
        _print(columns, result.fetchall(), style)
    except duckdb.Error as error:
        raise damage_told(error, scans) or UsageError(f"the query failed: {_said(error)}") from None
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        raise KeyboardInterrupt from None  # DuckDB's word for Ctrl-C


def text_of(file: Path) -> str:
    """The SQL in a file. Raises UsageError."""
    try:
        sql = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"--file {file}: SQL in UTF-8 is expected; its bytes are something else") from None
    if not sql.strip():
        raise UsageError(f"--file {file}: SQL is expected; the file is empty")
    return sql


def _said(error: "duckdb.Error") -> str:
    """What the query's author needs; of an error about a value its kind alone, as it quotes the value."""
    import duckdb

    about_the_text = (
        duckdb.BinderException,
        duckdb.CatalogException,
        duckdb.ParserException,
        duckdb.PermissionException,
        duckdb.SyntaxException,
        duckdb.InvalidInputException,
    )
    if isinstance(error, about_the_text):
        return str(error).splitlines()[0]
    return f"{type(error).__name__.removesuffix('Exception')} error; its words are left out, as they quote data"


def _named_tables(sql: str) -> list[str]:
    """The tables whose names stand in the text, in whatever place: one too many costs a look at the catalog.

    DuckDB's own list has aliases among the names, and does not come about where a join is USING or NATURAL.
    """
    words = set(re.findall(r"\w+", sql.lower()))
    return [contract.table for contract in CONTRACTS if contract.table in words]


def _refuse_unreadable(sql: str) -> None:
    try:
        sql.encode()
    except UnicodeEncodeError:  # bytes of the command line that are not UTF-8
        raise UsageError("the SQL is expected in UTF-8; its bytes are something else") from None


def _snapshots(as_of: Sequence[tuple[str, int]], names: list[str]) -> dict[str, int]:
    """The snapshots to read, by table. Raises UsageError for a table that is asked for twice, or not at all."""
    snapshots = dict(as_of)
    if len(snapshots) < len(as_of):
        raise UsageError("--as-of names a table twice; one snapshot of each is expected")
    if unread := sorted(set(snapshots) - set(names)):
        raise UsageError(f"--as-of names {', '.join(unread)}, which the query does not; leave it out, or ask it")
    return snapshots


def _open(
    database: "duckdb.DuckDBPyConnection",
    names: list[str],
    snapshots: Mapping[str, int],
    scans: dict[str, PublishedScan],
) -> None:
    """Registers each table, also as stedi.TABLE, and adds its scan to `scans`.

    Raises NeverPublishedError, UnknownSnapshotError, DamagedTableError.
    """
    database.execute(f"CREATE SCHEMA {NAMESPACE}")
    if not names:
        return
    catalog = open_catalog(connect(Settings.load()))
    for contract in CONTRACTS:
        if contract.table not in names:
            continue
        scan = scans[contract.table] = published_scan(catalog, contract, snapshots.get(contract.table))
        database.register(contract.table, dataset(scan, contract))
        database.execute(f"CREATE VIEW {NAMESPACE}.{contract.table} AS SELECT * FROM main.{contract.table}")


def _print(columns: list[str], rows: list[tuple[Any, ...]], style: str) -> None:
    if style == "json":
        names = _distinct(columns)
        found = [dict(zip(names, map(_json_value, row), strict=True)) for row in rows]
        json.dump(found, sys.stdout, default=str, indent=1)
        sys.stdout.write("\n")
    elif style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        # A program gets every value as it is; a terminal would obey what is in one.
        shown = printable if sys.stdout.isatty() else str
        writer.writerow(map(shown, columns))
        writer.writerows([shown(value) if isinstance(value, str) else value for value in row] for row in rows)
    else:
        print_table(columns, [["" if value is None else str(value) for value in row] for row in rows])


def _distinct(columns: list[str]) -> list[str]:
    """Columns of one name are numbered: an object holds a name once."""
    return [name if columns.index(name) == i else f"{name}_{i + 1}" for i, name in enumerate(columns)]


def _json_value(value: Any) -> Any:
    """JSON knows neither NaN nor decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
