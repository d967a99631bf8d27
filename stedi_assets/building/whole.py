"""The audit of what is published, each table as a whole: what increments have added up is counted from the beginning.

Here: the views of each published table as it was audited when it was made: the versions that it was made from, its
policy, what was counted in each landed object; and whether each number is the one that was recorded. Not here: the
checks (`audits`), what follows (`assets.upkeep`).

What landed since is not asked about: the next run does. Nor is a table that the next run makes anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stedi_assets.audits import EXPECTED_ROWS, AuditTimeoutError, Numbers, Verdict, numbers_of
from stedi_assets.audits.views import consent_views
from stedi_assets.building.accounts import Accounts
from stedi_assets.building.audited import audit_parameters, judged
from stedi_assets.building.ground import NoGroundError, files_then, rules_of
from stedi_assets.building.ingestion import published_manifests, rules_of_source
from stedi_assets.contracts import CONTRACTS, CUSTOMER_LANDING, LANDING_QUARANTINE, SOURCES, Contract, contract_of
from stedi_assets.lakehouse.catalog import published_table
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import MAX_QUARANTINE_SHARE, RULES, RUN_ID, Published
from stedi_assets.landing.zone import LandedObject, Zone
from stedi_assets.policy import Policy, policy_by_facts
from stedi_assets.transforms import landing as transforms

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_OTHER_RULES = "it was made by other rules or is left of an erasure: the next run makes it anew, and audits it"
_NOT_OURS = "something else than this product has written it: see stedi history TABLE; stedi run --full makes it anew"
_TOO_LONG = "its checks did not end in time: allow more with STEDI_AUDIT_TIMEOUT_SECONDS"


class NotSoundError(RuntimeError):
    """Published tables that do not pass their checks, or pass by other numbers than they did."""

    def __init__(self, unsound: "Sequence[WholeAudit]") -> None:
        self.failed = [verdict for table in unsound for verdict in table.failed]
        said = "; ".join(
            f"{v.table}: {v.check} expected {v.expected}, found {v.actual}"
            for table in unsound
            for v in (*table.failed, *table.drifted)
        )
        super().__init__(
            f"what is published does not pass its checks, or passes by other numbers than it did: {said}. Nothing "
            "was cleared away, so that older versions can be read; build all anew: stedi run --full, or go back: stedi "
            "history TABLE, stedi rollback TABLE"
        )


@dataclass(frozen=True)
class WholeAudit:
    """A published table's verdicts; or why it has none. recorded: the numbers that were kept with it."""

    contract: Contract
    verdicts: Sequence[Verdict] = ()
    left_out: str = ""
    recorded: Numbers = field(default_factory=dict)

    @property
    def failed(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.blocks]

    @property
    def drifted(self) -> list[Verdict]:
        """Those that hold by other numbers than were recorded. What a run was told to expect is not asked again."""
        return [
            verdict
            for verdict in self.verdicts
            if not verdict.blocks
            and verdict.check != EXPECTED_ROWS
            and (self.recorded.get((verdict.check, "expected")), self.recorded.get((verdict.check, "actual")))
            != (verdict.expected, verdict.actual)
        ]


def audit_published(lakehouse: Lakehouse) -> list[WholeAudit]:
    """Every published table. Raises NotSoundError, RegistryError, KeyFileError."""
    found = {contract: lakehouse.tables.find_published(contract) for contract in CONTRACTS}
    published = {contract: one for contract, one in found.items() if one is not None}
    done = [
        *_landing(lakehouse, {contract: one for contract, one in published.items() if contract.zone == "landing"}),
        *(_of_table(lakehouse, contract, one) for contract, one in published.items() if contract.zone != "landing"),
    ]
    unsound = [table for table in done if table.failed or table.drifted]
    if unsound:
        raise NotSoundError(unsound)
    return done


def _of_table(lakehouse: Lakehouse, contract: Contract, published: Published) -> WholeAudit:
    if RUN_ID not in published.summary:
        return WholeAudit(contract, left_out=_NOT_OURS)
    recorded = numbers_of(published.summary)
    policy = policy_by_facts(published.summary) if recorded else None
    if policy is None or published.summary.get(RULES) != rules_of(lakehouse, contract, policy):
        return WholeAudit(contract, left_out=_OTHER_RULES)
    try:
        views = _views(lakehouse, contract, published, policy)
    except NoGroundError as error:
        return WholeAudit(contract, left_out=str(error))
    return _judged(lakehouse, contract, views, audit_parameters(policy, ""), recorded)


def _views(lakehouse: Lakehouse, contract: Contract, published: Published, policy: Policy) -> "dict[str, DataFrame]":
    made_from = {**{reference.table: None for reference in contract.references}, **published.upstream}
    views: dict[str, DataFrame] = {}
    for name, snapshot_id in made_from.items():
        upstream = contract_of(name)
        then = lakehouse.tables.published(upstream).snapshot_id if snapshot_id is None else snapshot_id
        files = files_then(published_table(lakehouse.tables.catalog, upstream), then)
        views[name] = lakehouse.tables.rows(upstream, files)
    customers = views[CUSTOMER_LANDING.table]
    views |= consent_views(contract, customers, policy, lambda: lakehouse.pseudonym_key, lakehouse.once)
    views["staged"] = lakehouse.tables.read_published(contract, published)
    return views


def _judged(
    lakehouse: Lakehouse,
    contract: Contract,
    views: "dict[str, DataFrame]",
    parameters: Mapping[str, str],
    recorded: Numbers,
) -> WholeAudit:
    try:
        return WholeAudit(contract, judged(lakehouse, contract, views, parameters, {}), recorded=recorded)
    except AuditTimeoutError:
        return WholeAudit(contract, left_out=_TOO_LONG)


def _landing(lakehouse: Lakehouse, published: dict[Contract, Published]) -> Iterator[WholeAudit]:
    """By what was counted in each object when it was read: the manifests of the published tables."""
    from stedi_assets.erasure.serials import theirs_alone

    summaries = {contract.table: one.summary for contract, one in published.items()}
    landed = published_manifests(summaries, lakehouse.s3, lakehouse.store)
    rows = {c.table: lakehouse.tables.read_published(c, one) for c, one in published.items()}
    suppression = lakehouse.suppression
    suppressions = dict.fromkeys(SOURCES.values(), suppression)
    if CUSTOMER_LANDING in published:  # by its records it is known who has which device
        quarantined = transforms.quarantined(rows[LANDING_QUARANTINE.table], CUSTOMER_LANDING)
        suppression = theirs_alone(suppression, rows[CUSTOMER_LANDING.table], quarantined)
        suppressions |= {contract: suppression for contract in SOURCES.values() if contract is not CUSTOMER_LANDING}
    longest = lakehouse.settings.max_value_bytes
    rules = {s: rules_of_source(landed.zone, suppressions[contract], longest) for s, contract in SOURCES.items()}
    if any(landed.rules(source) != expected for source, expected in rules.items()):
        yield from (WholeAudit(contract, left_out=_OTHER_RULES) for contract in published)
        return
    ingested = {source: list(landed.manifests[source].entries.values()) for source in SOURCES}
    bucket = Zone.of(landed.zone, lakehouse.s3).bucket
    listed = [
        LandedObject(source, bucket, entry.key, entry.etag, entry.bytes)
        for source, entries in ingested.items()
        for entry in entries
    ]
    accounts = Accounts(lakehouse, listed, ingested, {}, rows[LANDING_QUARANTINE.table])
    for contract, one in published.items():
        views = {**accounts.views_of_all(contract, rows[contract.table], suppression), **rows}
        share = one.summary.get(MAX_QUARANTINE_SHARE, str(lakehouse.settings.max_quarantine_share))
        parameters = audit_parameters(lakehouse.policy, share)
        yield _judged(lakehouse, contract, views, parameters, numbers_of(one.summary))
