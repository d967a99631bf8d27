"""A table built on its published rows: which of its files stay, and which rows are written beside them.

Here: reading both versions of what it is made from, finding the files with rows that go. Not here: whether it may be
built so (`ground`), which rows go and come (`transforms.increments`), staging and audit (`table`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from stedi_assets.building.ground import Ground, NoGroundError
from stedi_assets.contracts import Contract
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.policy import policy_by_facts
from stedi_assets.transforms.changes import TOUCHED, without
from stedi_assets.transforms.increments import INCREMENTS, Increment, NoIncrementError, Versions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from stedi_assets.audits.asking import Hold

# Files are looked into one by one, or in so many groups: a query of a thousand parts is none that an engine likes.
_MOST_GROUPS = 16


@dataclass(frozen=True)
class Grown:
    """kept: files of the published table that stay. rows: what is written beside them."""

    kept: tuple[str, ...]
    rows: "DataFrame"


def grow(
    lakehouse: Lakehouse,
    contract: Contract,
    transform: "Callable[..., DataFrame]",
    ground: Ground,
    after: "Mapping[str, DataFrame]",
    hold: "Hold",
) -> Grown:
    """What the published table becomes. `after`: the tables that it is made from. Raises NoGroundError."""
    rows_of, inputs = lakehouse.tables.rows, ground.inputs
    versions = Versions(
        transform=transform,
        published=rows_of(contract, ground.published.files),
        before={name: rows_of(files.contract, files.before) for name, files in inputs.items()},
        after=after,
        came={name: rows_of(files.contract, files.came) for name, files in inputs.items()},
        went={name: rows_of(files.contract, files.went) for name, files in inputs.items()},
        policy_before=policy_by_facts(ground.published.summary),
        policy=lakehouse.policy,
        hold=hold,
        pseudonym_key=lambda: lakehouse.pseudonym_key,
    )
    try:
        increment = INCREMENTS[contract.table](versions)
    except NoIncrementError as error:
        raise NoGroundError(str(error)) from None
    rewritten = _files_with(lakehouse, contract, ground.published.files, increment)
    kept = tuple(file for file in ground.published.files if file not in rewritten)
    rows = increment.rows.select(*contract.column_names)
    if rewritten:
        stays = without(rows_of(contract, sorted(rewritten)), increment.key, increment.touched)
        rows = stays.unionByName(rows)
    return Grown(kept, rows)


def _files_with(lakehouse: Lakehouse, contract: Contract, files: Sequence[str], increment: Increment) -> set[str]:
    """The files that have touched rows, and those that are in a group with one."""
    from pyspark.sql import functions as F

    groups = [files[place::_MOST_GROUPS] for place in range(min(_MOST_GROUPS, len(files)))]
    if not groups or increment.touched.limit(1).count() == 0:
        return set()
    keys = [
        lakehouse.tables.rows(contract, group).select(increment.key.alias(TOUCHED), F.lit(place).alias("place"))
        for place, group in enumerate(groups)
    ]
    listed = reduce(lambda one, other: one.unionByName(other), keys)
    found = listed.join(increment.touched, on=TOUCHED, how="left_semi").select("place").distinct().collect()
    return {file for row in found for file in groups[row["place"]]}
