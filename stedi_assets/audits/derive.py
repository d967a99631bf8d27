"""The checks of a table, derived from its contract.

Here: the statements that hold for every table (schema, row count, expected rows, grain, consent, references). Not
here: what only one table states (its contract), and answering (`run`).
"""

from stedi_assets.contracts import Contract
from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.contracts.model import Check, Reference

# Answered from the staged files' schema, not by a query: the queries need the columns to be there.
SCHEMA_CHECK = Check("schema", "Columns and types are the contract's. Counted: columns that differ.", actual="SELECT 0")


def checks_of(contract: Contract) -> tuple[Check, ...]:
    """Every check of the table, the schema first."""
    checks = [SCHEMA_CHECK, _row_count(contract), _expected_rows(contract), _grain(contract)]
    if contract.zone != "landing":
        checks += _consent(contract)
    checks += [_reference(reference) for reference in contract.references]
    return (*checks, *contract.checks)


def _row_count(contract: Contract) -> Check:
    return Check(
        "row_count",
        "As many rows as a second, independent query counts in the landing tables.",
        actual="SELECT count(*) FROM staged",
        expected=contract.recount,
    )


def _expected_rows(contract: Contract) -> Check:
    return Check(
        "expected_rows",
        "As many rows as were expected of this run; holds where none were named.",
        actual="SELECT count(*) FROM staged",
        expected=f"SELECT coalesce((SELECT max(n) FROM expectations WHERE name = '{contract.table}'), "
        "(SELECT count(*) FROM staged))",
    )


def _grain(contract: Contract) -> Check:
    keys = contract.grain or contract.column_names
    listed = ", ".join(customer_key(k) if k == contract.email_column and contract.grain else f"`{k}`" for k in keys)
    return Check(
        "grain",
        f"No two rows share {', '.join(keys) if contract.grain else 'all their values'}. Counted: rows too many.",
        actual="SELECT (SELECT count(*) FROM staged) - "
        f"(SELECT count(*) FROM (SELECT 1 FROM staged GROUP BY {listed}))",
    )


def _consent(contract: Contract) -> list[Check]:
    """A row leads to a customer by address, by serial, or (in its two halves) by both: each way must find consent."""
    ways = [("email", contract.email_column, "customer"), ("serial", contract.serial_column, "serialnumber")]
    if contract.grain and contract.email_column in contract.grain:
        ways = ways[:1]  # a customer's own record: the serial in it says nothing about consent
    return [
        Check(
            f"consent_by_{way}",
            f"Every row's customer, by {column}, agreed to research. Counted: rows of anyone else.",
            actual=f"SELECT count(*) FROM staged s LEFT ANTI JOIN research_customers r "
            f"ON {_key(f's.{column}', way == 'email')} = r.{known}",
        )
        for way, column, known in ways
        if column
    ]


def _reference(reference: Reference) -> Check:
    return Check(
        f"{reference.column}_in_{reference.table}",
        f"Every row's {reference.column} is in {reference.table}. Counted: rows without.",
        actual=f"SELECT count(*) FROM staged s LEFT ANTI JOIN {reference.table} u "
        f"ON {_key(f's.{reference.column}', reference.address)} = "
        f"{_key(f'u.{reference.upstream_column}', reference.address)}",
    )


def _key(column: str, address: bool) -> str:
    return customer_key(column) if address else column
