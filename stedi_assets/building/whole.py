"""The audit of what is published, each table as a whole: what increments have added up is counted from the beginning.

Here: the views of each published table as it was audited when it was made: the versions that it was made from, its
policy, what was counted in each landed object. Not here: the checks (`audits`), what follows (`assets.upkeep`).

What landed since is not asked about: the next run does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stedi_assets.audits import Verdict, numbers_of
from stedi_assets.audits.views import consent_views
from stedi_assets.building.accounts import Accounts
from stedi_assets.building.audited import judged
from stedi_assets.building.ground import NoGroundError, files_then, rules_of
from stedi_assets.building.ingestion import published_manifests, rules_of_source
from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING, LANDING_QUARANTINE, SOURCES, Contract, contract_of
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import RULES, Published
from stedi_assets.lakehouse.tables import read_files
from stedi_assets.landing.zone import LandedObject, Zone
from stedi_assets.policy import policy_by_facts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_OTHER_RULES = "it was made by other rules or is left of an erasure: the next run makes it anew, and audits it"


class NotSoundError(RuntimeError):
    """Published tables that do not pass their checks."""

    def __init__(self, failed: Sequence[Verdict]) -> None:
        said = "; ".join(f"{v.table}: {v.check} expected {v.expected}, found {v.actual}" for v in failed)
        super().__init__(
            f"what is published does not pass its checks: {said}. Nothing was cleared away, so that older versions can "
            "be read; build all anew: stedi run --full, or go back: stedi history TABLE, stedi rollback TABLE"
        )


@dataclass(frozen=True)
class WholeAudit:
    """A published table's verdicts; or why it has none."""

    contract: Contract
    verdicts: Sequence[Verdict] = ()
    left_out: str = ""

    @property
    def failed(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.blocks]


def audit_published(lakehouse: Lakehouse) -> Iterator[WholeAudit]:
    """Every published table in turn. Raises AuditTimeoutError, RegistryError, KeyFileError."""
    found = {contract: lakehouse.tables.find_published(contract) for contract in CONTRACTS}
    published = {contract: one for contract, one in found.items() if one is not None}
    yield from _landing(lakehouse, {c: one for c, one in published.items() if c.zone == "landing"})
    for contract, one in published.items():
        if contract.zone != "landing":
            try:
                yield WholeAudit(contract, _of_table(lakehouse, contract, one))
            except NoGroundError as error:
                yield WholeAudit(contract, left_out=str(error))


def _of_table(lakehouse: Lakehouse, contract: Contract, published: Published) -> Sequence[Verdict]:
    if not numbers_of(published.summary):
        raise NoGroundError(_OTHER_RULES)
    policy = policy_by_facts(published.summary)
    if published.summary.get(RULES) != rules_of(lakehouse, contract, policy):
        raise NoGroundError(_OTHER_RULES)
    made_from = {**{reference.table: None for reference in contract.references}, **published.upstream}
    views: dict[str, DataFrame] = {}
    for name, snapshot_id in made_from.items():
        upstream = contract_of(name)
        then = lakehouse.tables.published(upstream).snapshot_id if snapshot_id is None else snapshot_id
        views[name] = read_files(lakehouse.spark, upstream, files_then(lakehouse, upstream, then))
    customers = views[CUSTOMER_LANDING.table]
    views |= consent_views(contract, customers, policy, lambda: lakehouse.pseudonym_key)
    views["staged"] = lakehouse.tables.read_published(contract, published)
    return judged(lakehouse, contract, views, policy, {})


def _landing(lakehouse: Lakehouse, published: dict[Contract, Published]) -> Iterator[WholeAudit]:
    """By what was counted in each object when it was read: the manifests of the published tables."""
    from stedi_assets.erasure.serials import theirs_alone

    summaries = {contract.table: one.summary for contract, one in published.items()}
    landed = published_manifests(summaries, lakehouse.s3, lakehouse.store)
    rows = {c.table: lakehouse.tables.read_published(c, one) for c, one in published.items()}
    suppression = lakehouse.suppression
    suppressions = dict.fromkeys(SOURCES.values(), suppression)
    if CUSTOMER_LANDING in published:  # by its records it is known who has which device
        suppression = theirs_alone(suppression, rows[CUSTOMER_LANDING.table])
        suppressions |= {contract: suppression for contract in SOURCES.values() if contract is not CUSTOMER_LANDING}
    if any(landed.rules(s) != rules_of_source(landed.zone, suppressions[contract]) for s, contract in SOURCES.items()):
        yield from (WholeAudit(contract, left_out=_OTHER_RULES) for contract in published)
        return
    ingested = {source: list(landed.manifests[source].entries.values()) for source in SOURCES}
    bucket = Zone.of(landed.zone, lakehouse.s3).bucket
    listed = [LandedObject(source, bucket, e.key, e.etag, e.bytes) for source, of in ingested.items() for e in of]
    accounts = Accounts(lakehouse, listed, ingested, {}, rows[LANDING_QUARANTINE.table])
    for contract in published:
        views = {**accounts.views_of_all(contract, rows[contract.table], suppression), **rows}
        yield WholeAudit(contract, judged(lakehouse, contract, views, lakehouse.policy, {}))
