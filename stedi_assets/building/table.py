"""A trusted or curated table: its transform's rows, staged and audited; the same for each.

Where little has changed below a large one it is built on what is published of it (`ground`, `increment`), else in full.
Not here: the landing tables, which are read from objects rather than computed from tables (`landing`).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from stedi_assets.audits import checks_of
from stedi_assets.audits.views import consent_views
from stedi_assets.building.audited import Built, Since, audit, current
from stedi_assets.building.ground import Ground, NoGroundError, ground_of, rules_of
from stedi_assets.building.versions import digest
from stedi_assets.contracts import CUSTOMER_LANDING, SOURCES, Contract, contract_of
from stedi_assets.contracts.consenting import asked_for, shared_by
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import AS_INCREMENT, BUILT, IN_FULL, NEXT_CONSENT, RULES, VERSION, Staged

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
) -> Built:
    """The table's rows, staged and audited; or the table, if it is published as these would make it.

    What is kept with it says how it was built: as an increment, or in full and why.

    `upstream`: the tables that the transform reads, where they are at hand.
    """
    from stedi_assets.building.increment import grow  # the graph is loaded without the catalog's library

    inputs = tables_read_by(transform)
    if upstream is None:
        upstream = {name: lakehouse.tables.read(contract_of(name)) for name in inputs}
    given = {**upstream, POLICY: lakehouse.policy}
    asked = inspect.signature(transform).parameters
    if PSEUDONYM_KEY in asked:
        given[PSEUDONYM_KEY] = lakehouse.pseudonym_key
    landed = {
        source.table: upstream[source.table] if source.table in upstream else lakehouse.tables.read(source)
        for source in _landing_tables_asked(contract)
    }
    customers = landed[CUSTOMER_LANDING.table]
    reached, next_consent = _consent_dates(customers, lakehouse.policy.as_of_ms)
    version = _version(lakehouse, contract, sorted({*inputs, *landed}), reached)
    published = lakehouse.tables.find_published(contract)
    if done := current(lakehouse, contract, published, version):
        return done
    ground: Ground | None = None
    with lakehouse.holding() as hold:
        kept: tuple[str, ...] = ()
        try:
            ground = ground_of(lakehouse, contract, published, inputs, tuple(landed))
            grown = grow(lakehouse, contract, transform, ground, upstream, hold)
            rows, kept, built = grown.rows, grown.kept, AS_INCREMENT
        except NoGroundError as error:
            ground, rows = None, transform(**{name: given[name] for name in asked})
            built = f"{IN_FULL}: {error}"
        staged = lakehouse.tables.stage(rows, contract, upstream=(*inputs, *landed), kept=kept)
    staged.facts |= {VERSION: version, NEXT_CONSENT: str(next_consent or "")}
    staged.facts |= {RULES: rules_of(lakehouse, contract, lakehouse.policy), BUILT: built}
    views = {
        **landed,
        **upstream,
        **consent_views(contract, customers, lakehouse.policy, lambda: lakehouse.pseudonym_key, lakehouse.once),
    }
    views |= {
        reference.table: lakehouse.tables.read(contract_of(reference.table))
        for reference in contract.references
        if reference.table not in views
    }
    return audit(lakehouse, staged, views, _since(lakehouse, staged, ground, views))


def _since(
    lakehouse: Lakehouse, staged: Staged, ground: Ground | None, views: "Mapping[str, DataFrame]"
) -> Since | None:
    """What the audit can add to: an increment's ground."""
    from stedi_assets.building.part import adds_up, part_of  # as above

    if ground is None or not adds_up(lakehouse, staged.contract, ground):
        return None
    return Since(ground.published, lambda hold: part_of(lakehouse, ground, staged, views, hold))


def _landing_tables_asked(contract: Contract) -> list[Contract]:
    """Those that the table's checks count in, and the customers' records, which say who agrees."""
    asked = " ".join(f"{check.actual} {check.expected}" for check in checks_of(contract))
    asked = " ".join((asked, *shared_by(asked).values()))
    return [s for s in SOURCES.values() if s is CUSTOMER_LANDING or asked_for(s.table, asked)]


@lru_cache(maxsize=1)  # each table of a run asks it of the same rows
def _consent_dates(customers: "DataFrame", as_of_ms: int) -> tuple[int | None, int | None]:
    """The last consent date that is reached, and the first that is not: between two runs one may go by."""
    from pyspark.sql import functions as F

    from stedi_assets.transforms.consent import gives_consent

    date = F.col("sharewithresearchasofdate")
    is_reached = gives_consent(date, as_of_ms)
    (dates,) = customers.agg(F.max(F.when(is_reached, date)), F.min(F.when(date > as_of_ms, date))).collect()
    return dates[0], dates[1]


def _version(lakehouse: Lakehouse, contract: Contract, upstream: Sequence[str], reached: int | None) -> str:
    """What the rows follow from: the rules, the policy, the tables that are read, and whose consent has begun."""
    return digest(
        {
            "rules": rules_of(lakehouse, contract, lakehouse.policy),
            "consents reached": reached,
            "upstream": {name: lakehouse.tables.versions[name] for name in upstream},
        }
    )
