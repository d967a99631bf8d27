"""What a table contract is made of: `Column` and `Contract`.

Here: the shape of a contract and what follows from it alone (DDL, look-ups). Not here: the contracts themselves
(one module each, named after its table), the checks that follow for every table (`audits`), and anything that reads
or writes data.
"""

from dataclasses import dataclass, replace
from typing import Literal

ColumnType = Literal["string", "int", "bigint", "double", "boolean"]
Zone = Literal["landing", "trusted", "curated"]
Side = Literal["actual", "expected"]

# Readings and dates outside this range are not dates of this business: seconds taken for milliseconds, or far future.
EARLIEST_EPOCH_MS = 946_684_800_000  # 2000-01-01T00:00:00Z
LATEST_EPOCH_MS = 4_102_444_800_000  # 2100-01-01T00:00:00Z, not included


@dataclass(frozen=True)
class Column:
    """One column. `required`: a row without a value does not fit. `personal`: it identifies a person.

    `open_ended`: a date however far ahead, or below zero, is kept: it says that it is not reached, or that there is
    none. Other dates outside of this business are mistakes and do not fit.
    `derived_from` names the upstream columns as "table.column"; `unit` says what a number counts.
    """

    name: str
    type: ColumnType
    description: str
    required: bool = True
    personal: bool = False
    unit: Literal["epoch_ms", "cm", "bytes"] | None = None
    open_ended: bool = False
    derived_from: tuple[str, ...] = ()

    @property
    def comment(self) -> str:
        """What catalogs and the UI say of it."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        return f"{self.description}{unit}{' Personal data.' if self.personal else ''}"


# What most checks expect: known without asking.
NONE = "SELECT 0"


@dataclass(frozen=True)
class Check:
    """One statement about a staged table: a query for a number, and what that number must be.

    Queries are Spark SQL over the views that the asset gives its audit: the tables by their names, `staged` (the table
    under audit), `expectations`, `research_customers`, `refusing_customers`, `serial_owners`; and over the recounts'
    own sets (`contracts.consenting`). $NAME stands for a parameter of the policy. They return one number; null fails
    the check, so that a query that finds nothing to count says 0 itself.

    `whole`: the queries that are asked of the whole table each time. The numbers of all others are sums over the rows'
    moments (of landing tables: their objects), so that of an increment the part that changed is asked alone. A count of
    distinct keys is none, but that of a published table is 0: then that of a part is that of the whole.

    `screen`: a query that costs less than `actual`, and gives 0 only where `actual` would: asked first.

    `example`: of a check that did not pass, a query for one short text that shows what was found: times, sizes, counts,
    reasons, names of the contract's columns. Never a personal value: it is shown wherever the verdict is.
    """

    name: str
    description: str
    actual: str
    expected: str = NONE
    severity: Literal["ERROR", "WARN"] = "ERROR"
    screen: str | None = None
    example: str | None = None
    whole: tuple[Side, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Every row's key exists upstream: `column` is found in `table`.`upstream_column`.

    `key`: how they are compared; as they are, as addresses, or upstream's address or serial by its pseudonym.
    """

    column: str
    table: str
    upstream_column: str
    key: Literal["plain", "email", "subject", "device"] = "plain"


@dataclass(frozen=True)
class Contract:
    """One table: its grain, its columns, how a row leads to the customer it is about, and how to count it again.

    `grain`: the columns that no two rows share; empty where rows are distinct as a whole.
    `email_column`, `serial_column`, `subject_column`, `device_column`: the columns that lead to the customer, where the
    table has them; `taken_column`: when its reading was taken.
    `allowed_columns`: where given, the only columns that the table may ever have, whatever `columns` says.
    `recount`: SQL that counts, from the landing tables and by another way than the transform, the rows that should
    be here. `references`: keys that must exist upstream. `checks`: what else is said about this table.
    """

    table: str
    zone: Zone
    description: str
    columns: tuple[Column, ...]
    recount: str
    grain: tuple[str, ...] = ()
    email_column: str | None = None
    serial_column: str | None = None
    subject_column: str | None = None
    device_column: str | None = None
    taken_column: str | None = None
    allowed_columns: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def ddl(self) -> str:
        """The schema as Spark takes it: "email string, timestamp bigint"."""
        return ", ".join(f"`{column.name}` {column.type}" for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def carried_from(upstream: Contract, without: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """The upstream contract's columns, unchanged, as columns of a table that is made from it.

    Where a table is filtered from another, its columns mean the same: they are declared once, where they land.
    """
    return tuple(
        replace(column, derived_from=(f"{upstream.table}.{column.name}",))
        for column in upstream.columns
        if column.name not in without
    )
