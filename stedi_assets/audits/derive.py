"""The checks of a table, derived from its contract.

Here: the statements that hold for every table (schema, row count, expected rows, grain, consent, references). Not
here: what only one table states (its contract), and answering (`run`).
"""

from stedi_assets.contracts import Contract
from stedi_assets.contracts.customer_key import customer_key
from stedi_assets.contracts.model import NONE, Check, Reference

# Answered from the staged files' schema, not by a query: the queries need the columns to be there.
SCHEMA_CHECK = Check("schema", "Columns and types are the contract's. Counted: columns that differ.", actual=NONE)
ALLOWED_CHECK = Check(
    "allowed_columns",
    "No column but those that this table may ever have, whatever its contract says. Counted: columns too many.",
    actual=NONE,
)
ANSWERED_FROM_SCHEMA = (SCHEMA_CHECK, ALLOWED_CHECK)
KEPT_OUT_CHECK = Check(
    "erased_kept_out",
    "Nothing here is of someone who was erased (stedi forget). Counted: rows that are.",
    actual="SELECT count(*) FROM rows_of_the_erased",
)
EXPECTED_ROWS = "expected_rows"
# Rollback and erasure ask it, too, by the policy in force then.
ENOUGH_SUBJECTS = Check(
    "enough_subjects",
    "Rows are of as many customers as STEDI_MINIMUM_SUBJECTS asks for, or of none. Counted: customers, where too few.",
    # Without a minimum nobody is counted: an engine sees by the policy's number that no row is asked for.
    actual="""
    SELECT coalesce(max(subjects), 0) FROM (
        SELECT count(DISTINCT subject_id) AS subjects FROM staged WHERE $minimum_subjects > 0
    ) WHERE subjects < $minimum_subjects
    """,
    whole=("actual",),
)
# Asked of what is published as well, when a run fails and leaves it in place.
WITHDRAWN = "withdrawn_since"


def checks_of(contract: Contract) -> tuple[Check, ...]:
    """Every check of the table, the schema first."""
    checks = [SCHEMA_CHECK, _row_count(contract), _expected_rows(contract), _grain(contract), _required(contract)]
    if contract.allowed_columns:
        checks.insert(1, ALLOWED_CHECK)
    checks += policy_checks(contract)
    checks += [_reference(reference) for reference in contract.references]
    return (*checks, *contract.checks)


def policy_checks(contract: Contract) -> tuple[Check, ...]:
    """Return the checks on the people in the table, which every version has to pass to become current: a publication, a
    rollback, what an erasure leaves. They are asked by the policy in force then."""
    if contract.zone == "landing":
        return (KEPT_OUT_CHECK,)
    enough = (ENOUGH_SUBJECTS,) if contract.subject_column else ()
    return (*_consent(contract), *_unambiguous(contract), *enough, withdrawn_check(contract))


def _row_count(contract: Contract) -> Check:
    return Check(
        "row_count",
        "As many rows as a second, independent query counts in the landing tables.",
        actual="SELECT count(*) FROM staged",
        expected=contract.recount,
        whole=("actual",),  # a row that an increment lost of what it was to leave alone is missed here
    )


def _expected_rows(contract: Contract) -> Check:
    return Check(
        EXPECTED_ROWS,
        "As many rows as were expected of this run; holds where none were named.",
        actual="SELECT count(*) FROM staged",
        expected=f"SELECT coalesce((SELECT max(n) FROM expectations WHERE name = '{contract.table}'), "
        "(SELECT count(*) FROM staged))",
        whole=("actual", "expected"),
    )


def _grain(contract: Contract) -> Check:
    keys = contract.grain or contract.column_names
    listed = ", ".join(customer_key(k) if k == contract.email_column and contract.grain else f"`{k}`" for k in keys)
    return Check(
        "grain",
        f"No two rows share {', '.join(keys) if contract.grain else 'all their values'}. Counted: rows too many.",
        actual=_rows_beyond(listed),
        # Rows that share their keys share the keys' hash (0.0 and -0.0 have one too): no fewer are counted by it.
        screen=_rows_beyond(f"xxhash64({listed})"),
        example="SELECT concat(CAST(max(copies) AS string), ' rows share them') FROM "
        f"(SELECT count(*) AS copies FROM staged GROUP BY {listed})",
    )


def _rows_beyond(key: str) -> str:
    """How many rows there are beyond one for each key."""
    return f"SELECT (SELECT count(*) FROM staged) - (SELECT count(*) FROM (SELECT 1 FROM staged GROUP BY {key}))"


def _required(contract: Contract) -> Check:
    required = [column.name for column in contract.columns if column.required]
    missing = " OR ".join(f"`{name}` IS NULL" for name in required)
    first = " ".join(f"WHEN `{name}` IS NULL THEN '{name}'" for name in required)
    return Check(
        "required_values",
        "Every column that the contract requires has a value. Counted: rows without.",
        actual=f"SELECT count(*) FROM staged WHERE {missing}",
        example=f"SELECT concat('no ', min(CASE {first} END)) FROM staged WHERE {missing}",
    )


def _ways(contract: Contract) -> list[tuple[str, str, str]]:
    """How rows lead to a customer: the way's name, the row's key, what it is among those who agreed."""
    ways = [
        ("email", contract.email_column, "customer"),
        ("serial", contract.serial_column, "serialnumber"),
        ("subject", contract.subject_column, "subject_id"),
        ("device", contract.device_column, "device_id"),
    ]
    if contract.email_column and contract.serial_column:
        ways = ways[:1]  # a customer's own record: the serial in it says nothing about consent
    return [(way, _key(f"s.{column}", way == "email"), known) for way, column, known in ways if column]


def _covered(contract: Contract, since: str) -> str:
    """That the policy covers the row's reading, as a further condition; customers' own records have no reading."""
    return f" AND (NOT $at_reading OR s.{contract.taken_column} >= {since})" if contract.taken_column else ""


def _consent(contract: Contract) -> list[Check]:
    """A row leads to a customer by address, by serial, or (in its two halves) by both: each way must find consent."""
    return [
        Check(
            f"consent_by_{way}",
            f"Every row's customer, by {way}, agreed to research, as the policy asks. Counted: rows of anyone else.",
            actual=f"SELECT count(*) FROM staged s LEFT ANTI JOIN research_customers r "
            f"ON {key} = r.{known}{_covered(contract, 'r.since')}",
            example=_reading_time(
                contract, f"LEFT ANTI JOIN research_customers r ON {key} = r.{known}{_covered(contract, 'r.since')}"
            ),
        )
        for way, key, known in _ways(contract)
    ]


def _reading_time(contract: Contract, among: str) -> str | None:
    """When one of the readings was taken; customers' own records have no such time."""
    if not contract.taken_column:
        return None
    taken = f"CAST(min(s.`{contract.taken_column}`) AS string)"
    return f"SELECT concat('a reading taken at ', {taken}, ' (epoch ms)') FROM staged s {among}"


def _unambiguous(contract: Contract) -> list[Check]:
    """Where the policy wants it, nobody with a row's serial withholds consent."""
    return [
        Check(
            "unambiguous_serials",
            "Under the policy `unambiguous`, everyone with a row's serial agreed. Counted: rows where someone did not.",
            actual=f"SELECT count(*) FROM staged s LEFT ANTI JOIN serial_owners o ON {key} = o.{known} "
            f"AND o.everyone_since IS NOT NULL{_covered(contract, 'o.everyone_since')} WHERE $unambiguous",
        )
        for way, key, known in _ways(contract)
        if way in ("serial", "device")
    ]


def withdrawn_check(contract: Contract) -> Check:
    """Who in the table no longer agrees. A warning: what a run publishes is held to consent_by_... above."""
    way, key, known = _ways(contract)[0]
    refusing = (
        f"serial_owners r ON {key} = r.{known} AND r.anyone_since IS NULL"
        if way == "serial"
        else f"refusing_customers r ON {key} = r.{known}"
    )
    return Check(
        WITHDRAWN,
        "Nobody in what is published has withdrawn since. After a run that failed, of the version that it left in "
        "place: stedi forget --withdrawn takes them out. Counted: "
        + ("serials of which no customer agrees." if way == "serial" else "customers."),
        actual=f"SELECT count(DISTINCT {key}) FROM staged s LEFT SEMI JOIN {refusing}",
        severity="WARN",
        example="SELECT concat(CAST(max(theirs) AS string), ' rows are of one of them') FROM "
        f"(SELECT count(*) AS theirs FROM staged s LEFT SEMI JOIN {refusing} GROUP BY {key})",
    )


def _reference(reference: Reference) -> Check:
    upstream, known = f"u.{reference.upstream_column}", f"{reference.table} u"
    if reference.key in ("subject", "device"):
        by_address = reference.key == "subject"
        person = _key(upstream, by_address)
        # Each person once: of readings there are thousands, and each would be given its pseudonym.
        known = f"""(
            SELECT p.{reference.column} AS pseudonym FROM (SELECT DISTINCT {person} AS person FROM {known}) u
            JOIN research_customers p ON u.person = p.{"customer" if by_address else "serialnumber"}
        ) u"""
        upstream = "u.pseudonym"
    addresses = reference.key == "email"
    return Check(
        f"{reference.column}_in_{reference.table}",
        f"Every row's {reference.column} is in {reference.table}. Counted: rows without.",
        actual=f"SELECT count(*) FROM staged s LEFT ANTI JOIN {known} "
        f"ON {_key(f's.{reference.column}', addresses)} = {_key(upstream, addresses)}",
    )


def _key(column: str, address: bool) -> str:
    return customer_key(column) if address else column
