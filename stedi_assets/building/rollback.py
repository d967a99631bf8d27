"""An older version of a table becomes what readers see again, if everyone in it may still be there.

Here: which version, the audit of its rows by today's consent, and the commit. Not here: the command, telling Dagster.

Nobody comes back by a rollback who has withdrawn or was erased since. That goes for the customers' landing table, too,
though it keeps the records of those who refuse: without the newest of them the next run would take a withdrawal back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException

from stedi_assets.audits import WITHDRAWN, Audit, Verdict, consent_checks
from stedi_assets.audits.views import consent_views, rows_of_the_erased
from stedi_assets.contracts import CUSTOMER_LANDING, Contract
from stedi_assets.contracts.model import Check
from stedi_assets.lakehouse.catalog import iceberg_schema, never_retry, published_table
from stedi_assets.lakehouse.damage import scan_of
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import PublicationRefusedError
from stedi_assets.lakehouse.published import read_files
from stedi_assets.lakehouse.versions import Version, version_before, versions_of

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import DataFrame

_AGREEING_AGAIN = Check(
    WITHDRAWN,
    "Whoever agrees by these records does so by all that landed, and since no later. Counted: customers who would have "
    "withdrawn in vain.",
    actual="""SELECT count(*) FROM agreeing_then t
        LEFT SEMI JOIN known_today k ON t.customer = k.customer
        LEFT ANTI JOIN research_customers r ON t.customer = r.customer AND t.since >= r.since""",
)


class NoSuchVersionError(LookupError):
    """There is no such version to go back to, or none that fits the table as it is now."""


class ConsentRefusedError(RuntimeError):
    """Somebody in the older version may not be there any more. Nothing was changed. `verdicts`: the failed checks."""

    def __init__(self, version: Version, verdicts: Sequence[Verdict]) -> None:
        self.verdicts = verdicts
        table = verdicts[0].table
        failed = ", ".join(f"{v.check} expected {v.expected}, found {v.actual}" for v in verdicts)
        super().__init__(
            f"{table} was not rolled back to {version.snapshot_id}: somebody in it has withdrawn or was erased since "
            f"({failed}). What readers see is unchanged; name another version: stedi history {table}"
        )


@dataclass(frozen=True)
class RolledBack:
    """A table that went back from one version to another."""

    table: str
    before: Version
    after: Version


def version_to(table: "Table", contract: Contract, snapshot_id: int | None) -> Version:
    """The version with this id, or the one before the current one. Raises NoSuchVersionError."""
    versions = versions_of(table)
    history = f"stedi history {contract.table} lists those that are kept"
    if snapshot_id is None:
        found = version_before(versions)
        if found is None:
            raise NoSuchVersionError(f"{contract.table} has no older version than the current one; {history}")
    else:
        found = next((version for version in versions if version.snapshot_id == snapshot_id), None)
        if found is None:
            raise NoSuchVersionError(f"{contract.table} has no snapshot {snapshot_id}; {history}")
        if found.is_current:
            raise NoSuchVersionError(f"snapshot {snapshot_id} is what readers of {contract.table} see now; {history}")
    _refuse_other_columns(table, contract, found)
    return found


def roll_back(lakehouse: Lakehouse, contract: Contract, snapshot_id: int | None) -> RolledBack:
    """Makes the version current in one commit. The caller holds the home's lock.

    Raises NeverPublishedError, NoSuchVersionError, ConsentRefusedError, PublicationRefusedError, KeyFileError; then
    nothing was changed. Raises CommitUnknownError.
    """
    table = published_table(lakehouse.tables.catalog, contract)
    version = version_to(table, contract, snapshot_id)
    before = next(version for version in versions_of(table) if version.is_current)
    tasks = list(scan_of(table, version.snapshot_id).plan_files())
    if any(task.delete_files for task in tasks):
        raise NoSuchVersionError(f"snapshot {version.snapshot_id} has delete files, which nothing here reads")
    rows = read_files(lakehouse.spark, contract, sorted(task.file.file_path for task in tasks))
    failed = [verdict for verdict in _verdicts(lakehouse, contract, rows) if not verdict.passed]
    if failed:
        raise ConsentRefusedError(version, failed)
    never_retry(table)
    try:
        table.manage_snapshots().set_current_snapshot(snapshot_id=version.snapshot_id).commit()
    except CommitFailedException:
        raise PublicationRefusedError(
            f"{contract.table} was published by someone else meanwhile; it was not rolled back: run again"
        ) from None
    return RolledBack(contract.table, before, version)


def _refuse_other_columns(table: "Table", contract: Contract, version: Version) -> None:
    """Its columns must be the contract's, under the ids that they have now: by other ids readers find nothing."""
    schema = table.schemas().get(version.schema_id) if version.schema_id is not None else None
    found = {f.name: (f.field_id, str(f.field_type)) for f in (schema or table.schema()).fields}
    now = {f.name: (f.field_id, str(f.field_type)) for f in table.schema().fields}
    wanted = {f.name: str(f.field_type) for f in iceberg_schema(contract).fields}
    differing = sorted(
        name
        for name in {*found, *now, *wanted}
        if found.get(name) != now.get(name) or name not in found or found[name][1] != wanted.get(name)
    )
    if differing:
        raise NoSuchVersionError(
            f"snapshot {version.snapshot_id} of {contract.table} should have the columns of the contract, and differs "
            f"in {', '.join(differing)}; build the table anew instead: stedi run"
        )


def _verdicts(lakehouse: Lakehouse, contract: Contract, rows: "DataFrame") -> list[Verdict]:
    """What today's consent says of these rows, by all that landed: the checks that ask nothing of a run."""
    from stedi_assets.erasure.people import current_records
    from stedi_assets.erasure.serials import theirs_alone

    customers = current_records(lakehouse)
    views: dict[str, DataFrame] = {"staged": rows}
    if contract.zone == "landing":
        suppression = theirs_alone(lakehouse.suppression, customers)
        views["rows_of_the_erased"] = rows_of_the_erased(contract, rows, suppression)
    else:
        views |= consent_views(contract, customers, lakehouse.policy, lambda: lakehouse.pseudonym_key)
    checks = [*consent_checks(contract)]
    if contract is CUSTOMER_LANDING:
        views |= _consents_then_and_now(lakehouse, rows, customers)
        checks.append(_AGREEING_AGAIN)
    return Audit(contract, views, lakehouse.policy.sql_parameters).answers(checks)


def _consents_then_and_now(lakehouse: Lakehouse, rows: "DataFrame", customers: "DataFrame") -> "dict[str, DataFrame]":
    from stedi_assets.transforms.consent import customer_key, research_customers

    return {
        "agreeing_then": research_customers(rows, lakehouse.policy),
        "known_today": customers.select(customer_key(customers["email"]).alias("customer")).distinct(),
        "research_customers": research_customers(customers, lakehouse.policy),
    }
