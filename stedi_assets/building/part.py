"""What an increment's audit looks at: the part of the table that can differ from what is published, then and now.

Here: reading both versions of everything that the table's checks name, and what they are told of people at both times.
Not here: which part that is (`audits.touched`), how numbers are added (`audits.run`), when a table is an increment
(`ground`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stedi_assets.audits import Audit, Part, numbers_of
from stedi_assets.audits.asking import Asked
from stedi_assets.audits.touched import MOVING, Readings, moments
from stedi_assets.audits.views import consent_views
from stedi_assets.building.ground import Files, Ground
from stedi_assets.contracts import CUSTOMER_LANDING, CUSTOMERS_CURATED, Contract
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Staged
from stedi_assets.lakehouse.tables import read_files
from stedi_assets.policy import Policy, policy_by_facts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.building.holding import Hold


# Of a smaller table all checks are answered in less time than it takes to find the part that changed.
WORTH_ROWS = 1_000_000


def adds_up(lakehouse: Lakehouse, contract: Contract, ground: Ground) -> bool:
    """Whether numbers are added to those of the published table: they are known, none is of the whole alone, and it is
    worth it."""
    asks_for_subjects = bool(contract.subject_column and lakehouse.policy.minimum_subjects)
    is_worth_it = ground.published.rows >= WORTH_ROWS
    return is_worth_it and bool(numbers_of(ground.published.summary)) and not asks_for_subjects


def part_of(
    lakehouse: Lakehouse, ground: Ground, staged: Staged, views: "Mapping[str, DataFrame]", hold: "Hold"
) -> Part:
    """The part of what is staged on that ground. `views`: what the checks of the whole table name, as it is now."""
    spark, published = lakehouse.spark, ground.published
    policy = policy_by_facts(published.summary)
    people = {name: files for name, files in ground.inputs.items() if not files.contract.taken_column}
    views_then = {**views, **{name: read_files(spark, files.contract, files.before) for name, files in people.items()}}
    customers = views_then[CUSTOMER_LANDING.table]
    views_then |= consent_views(staged.contract, customers, policy, lambda: lakehouse.pseudonym_key)
    then = _asked(views_then, policy, hold)
    now = _asked(views, lakehouse.policy, hold)
    read = [_readings(lakehouse, files) for name, files in ground.inputs.items() if name not in people]
    touched = moments(then, now, [one for one in read if one.contract.zone == "landing"], hold)
    parts = {one.contract.table: one.at(touched, hold) for one in read}
    own = Files(staged.contract, published.files, (*staged.kept, *staged.files))
    parts["staged"] = _readings(lakehouse, own).at(touched, hold)

    def audit(asked: Asked, side: int) -> Audit:
        of_parts = {name: both[side] for name, both in parts.items()}
        return Audit(staged.contract, {**asked.known, **of_parts}, asked.parameters, hold)

    return Part(audit(now, 1), audit(then, 0), numbers_of(published.summary), now.known)


def _asked(views: "Mapping[str, DataFrame]", policy: Policy, hold: "Hold") -> Asked:
    """With `moving`, if the table follows from it."""
    asked = Asked(views, policy.sql_parameters, hold)
    if CUSTOMERS_CURATED.table not in views:
        return asked
    moving = hold(asked.frame(MOVING))
    return Asked({**asked.known, "moving": moving}, asked.parameters, hold)


def _readings(lakehouse: Lakehouse, files: Files) -> Readings:
    before, after = set(files.before), set(files.after)
    stays, went, came = (
        read_files(lakehouse.spark, files.contract, sorted(some))
        for some in (before & after, before - after, after - before)
    )
    return Readings(files.contract, stays, went, came)
