"""What an increment's audit looks at: the part of the table that can differ from what is published, then and now.

Here: reading both versions of everything that the table's checks name, and what they are told of people at both times.
Not here: which part that is (`audits.touched`), how numbers are added (`audits.run`), when a table is an increment
(`ground`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from stedi_assets.audits import Audit, Part, numbers_of
from stedi_assets.audits.asking import Asked
from stedi_assets.audits.touched import MOVING, Readings, moments
from stedi_assets.audits.views import consent_views
from stedi_assets.building.ground import Files, Ground, NoGroundError, files_then
from stedi_assets.contracts import ACCELEROMETER_LANDING, CUSTOMER_LANDING, CUSTOMERS_CURATED, Contract
from stedi_assets.lakehouse.catalog import published_table
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Staged
from stedi_assets.lakehouse.side_by_side import for_each
from stedi_assets.policy import Policy, policy_by_facts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.audits.asking import Hold


# Of a smaller table all checks are answered in less time than it takes to find the part that changed.
WORTH_ROWS = 1_000_000


def adds_up(lakehouse: Lakehouse, contract: Contract, ground: Ground) -> bool:
    """Whether numbers are added to those of the published table: they are known, none is of the whole alone, and it is
    worth it."""
    if ground.published.rows < WORTH_ROWS or not numbers_of(ground.published.summary):
        return False
    if contract.subject_column and lakehouse.policy.minimum_subjects:
        return False
    return CUSTOMERS_CURATED.table not in ground.inputs or _is_curated_now(lakehouse, ground)


def _is_curated_now(lakehouse: Lakehouse, ground: Ground) -> bool:
    """Whether customers_curated, by which the part's audit knows who moves, was made from what is landed now."""
    made_from = lakehouse.tables.published(CUSTOMERS_CURATED).upstream
    try:
        return all(
            files_then(published_table(lakehouse.tables.catalog, contract), made_from.get(contract.table))
            == ground.inputs[contract.table].after
            for contract in (CUSTOMER_LANDING, ACCELEROMETER_LANDING)
        )
    except NoGroundError:  # that version is no longer kept
        return False


def part_of(
    lakehouse: Lakehouse, ground: Ground, staged: Staged, views: "Mapping[str, DataFrame]", hold: "Hold"
) -> Part:
    """The part of what is staged on that ground. `views`: what the checks of the whole table name, as it is now."""
    published, rows_of = ground.published, lakehouse.tables.rows
    policy = policy_by_facts(published.summary)
    people = {name: files for name, files in ground.inputs.items() if not files.contract.taken_column}
    views_then = {**views, **{name: rows_of(files.contract, files.before) for name, files in people.items()}}
    customers = views_then[CUSTOMER_LANDING.table]
    # Found when they are asked for, which they seldom are: of what there was none, nobody asks how many there were.
    views_then |= consent_views(staged.contract, customers, policy, lambda: lakehouse.pseudonym_key)
    both = ((views_then, policy), (views, lakehouse.policy))
    then, now = for_each(both, lambda of: _asked(lakehouse, *of), "who moved, then and now")
    read = [_readings(lakehouse, files) for name, files in ground.inputs.items() if name not in people]
    own = _readings(lakehouse, Files(staged.contract, published.files, (*staged.kept, *staged.files)))
    touched = moments(then, now, own, [one for one in read if one.contract.zone == "landing"], hold)
    names = [*(one.contract.table for one in read), "staged"]
    found = for_each([*read, own], lambda one: one.at(touched, hold), "rows that an audit looks at")
    parts = dict(zip(names, found, strict=True))

    def audit(asked: Asked, side: int) -> Audit:
        of_parts = {name: sides[side] for name, sides in parts.items()}
        return Audit(staged.contract, {**asked.known, **of_parts}, asked.parameters, lakehouse.held.once)

    return Part(audit(now, 1), audit(then, 0), numbers_of(published.summary), now.known)


def _asked(lakehouse: Lakehouse, views: "Mapping[str, DataFrame]", policy: Policy) -> Asked:
    """With `moving`, if the table follows from it."""
    asked = Asked(views, policy.sql_parameters, lakehouse.held.once)
    if CUSTOMERS_CURATED.table not in views:
        return asked
    return replace(asked, views={**asked.views, "moving": asked.kept(MOVING)})


def _readings(lakehouse: Lakehouse, files: Files) -> Readings:
    # Not by `files.came` and `went`, by which the increment was made: a mistake there must not hide itself.
    before, after = set(files.before), set(files.after)
    stays, went, came = (
        lakehouse.tables.rows(files.contract, sorted(some)) for some in (before & after, before - after, after - before)
    )
    return Readings(files.contract, stays, went, came)
