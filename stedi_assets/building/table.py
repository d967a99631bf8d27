"""A trusted or curated table: its transform's rows, staged and audited; the same for each.

Not here: the landing tables, which are read from objects rather than computed from tables (`landing`).
"""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from stedi_assets.audits.views import consent_views
from stedi_assets.building.audited import Audited, audit
from stedi_assets.contracts import CUSTOMER_LANDING, SOURCES, Contract, contract_of
from stedi_assets.lakehouse.lakehouse import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What a transform may ask for beside tables.
POLICY, PSEUDONYM_KEY = "policy", "pseudonym_key"
Transform = Callable[..., "DataFrame"]


def tables_read_by(transform: Transform) -> tuple[str, ...]:
    """The tables that a transform reads: its parameters name them."""
    return tuple(name for name in inspect.signature(transform).parameters if name not in (POLICY, PSEUDONYM_KEY))


def build_table(
    lakehouse: Lakehouse, contract: Contract, transform: Transform, upstream: "Mapping[str, DataFrame] | None" = None
) -> Audited:
    """The table's rows, staged and audited. `upstream`: the tables that the transform reads, where they are at hand."""
    inputs = tables_read_by(transform)
    if upstream is None:
        upstream = {name: lakehouse.tables.read(contract_of(name)) for name in inputs}
    given = {**upstream, POLICY: lakehouse.policy}
    asked = inspect.signature(transform).parameters
    if PSEUDONYM_KEY in asked:
        given[PSEUDONYM_KEY] = lakehouse.pseudonym_key
    landed = {
        source.table: upstream[source.table] if source.table in upstream else lakehouse.tables.read(source)
        for source in SOURCES.values()
    }
    rows = transform(**{name: given[name] for name in asked})
    staged = lakehouse.tables.stage(rows, contract, upstream=(*inputs, *landed))
    customers = landed[CUSTOMER_LANDING.table]
    views = {
        **landed,
        **upstream,
        **consent_views(contract, customers, lakehouse.policy, lambda: lakehouse.pseudonym_key),
    }
    views |= {
        reference.table: lakehouse.tables.read(contract_of(reference.table))
        for reference in contract.references
        if reference.table not in views
    }
    return audit(lakehouse, staged, views)
