"""What an increment's audit looks at: the part of the table that can differ from what is published, then and now.

Here: reading both versions of everything that the table's checks name, and what they are told of people at both times.
Not here: which part that is (`audits.touched`), how numbers are added (`audits.run`), when a table is an increment
(`ground`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stedi_assets.audits import Audit, Part, numbers_of
from stedi_assets.audits.touched import MOVING, Known, Readings, moments
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


def adds_up(lakehouse: Lakehouse, contract: Contract, ground: Ground) -> bool:
    """Whether numbers can be added to those of the published table: they are known, and none is of the whole alone."""
    asks_for_subjects = bool(contract.subject_column and lakehouse.policy.minimum_subjects)
    return bool(numbers_of(ground.published.summary)) and not asks_for_subjects


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
    then = _known(views_then, policy, hold)
    now = _known(views, lakehouse.policy, hold)
    read = [_readings(lakehouse, files) for name, files in ground.inputs.items() if name not in people]
    touched = moments(then, now, [one for one in read if one.contract.zone == "landing"], hold)
    parts = {one.contract.table: one.at(touched, hold) for one in read}
    own = Files(staged.contract, published.files, (*staged.kept, *staged.files))
    parts["staged"] = _readings(lakehouse, own).at(touched, hold)

    def asked(known: Known, side: int) -> Audit:
        views = {**known.views, **{name: both[side] for name, both in parts.items()}}
        return Audit(staged.contract, views, known.parameters, hold)

    given = {name: view for name, view in now.views.items() if name not in views}
    return Part(asked(now, 1), asked(then, 0), numbers_of(published.summary), given)


def _known(views: "Mapping[str, DataFrame]", policy: Policy, hold: "Hold") -> Known:
    """With `moving`, if the table follows from it."""
    known = Known(views, policy.sql_parameters)
    if CUSTOMERS_CURATED.table not in views:
        return known
    return Known({**views, "moving": hold(known.ask(MOVING))}, known.parameters)


def _readings(lakehouse: Lakehouse, files: Files) -> Readings:
    before, after = set(files.before), set(files.after)
    stays, went, came = (
        read_files(lakehouse.spark, files.contract, sorted(some))
        for some in (before & after, before - after, after - before)
    )
    return Readings(files.contract, stays, went, came)
