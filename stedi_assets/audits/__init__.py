"""Audits: what is checked on a staged table before it is published.

`derive`: the checks of a table, from its contract. `run`: answering them, all at once, of the whole table or of the
part that changed (`touched`). `asking`: the views and sets that queries name. `views`: those of people. `limit`:
how long that may take. `record`: what is kept of the answers. What a check says beyond the general ones stands in the
table's contract.
No Dagster here: `assets` turn verdicts into check results.
"""

from stedi_assets.audits.derive import (
    ENOUGH_SUBJECTS,
    EXPECTED_ROWS,
    SCHEMA_CHECK,
    WITHDRAWN,
    checks_of,
    policy_checks,
    withdrawn_check,
)
from stedi_assets.audits.limit import AuditTimeoutError, within
from stedi_assets.audits.record import numbers_of, recorded, verdicts_of
from stedi_assets.audits.run import EXAMPLE, Audit, Numbers, Part, Verdict

__all__ = [
    "ENOUGH_SUBJECTS",
    "EXAMPLE",
    "EXPECTED_ROWS",
    "SCHEMA_CHECK",
    "WITHDRAWN",
    "Audit",
    "AuditTimeoutError",
    "Numbers",
    "Part",
    "Verdict",
    "checks_of",
    "numbers_of",
    "policy_checks",
    "recorded",
    "verdicts_of",
    "withdrawn_check",
    "within",
]
