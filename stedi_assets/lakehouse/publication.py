"""What is staged, what is published, and why a publication can be refused.

Here: the words that `tables` and those who call it share. Nothing here reads or writes, so that loading the
definitions stays quick.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stedi_assets.contracts import Contract

OURS = "stedi."  # what names of facts begin with, in a snapshot's summary
RUN_ID = "stedi.run-id"
UPSTREAM = "stedi.upstream"
ERASURE = "stedi.erasure"  # the request that a snapshot without someone's rows was made for
LANDING = "stedi.landing"  # the zone that the run read
PSEUDONYM_KEY = "stedi.pseudonym-key"  # the fingerprint of the key that ids were made with
ENGINE = "stedi.engine"  # what computed it
VERSION = "stedi.version"  # stands for all that the rows follow from: the same version, the same rows
VERSIONS = "stedi.versions"  # of the quarantine: the versions of the landing tables that it belongs to
NEXT_CONSENT = "stedi.next-consent-ms"  # the first consent date that was not reached yet; empty: none is to come
CHECKS = "stedi.checks"  # the verdicts that let it pass, as `audits.record` writes them
RULES = "stedi.rules"  # stands for what the rows follow from beside the tables that they were made from
BUILT = "stedi.built"  # how: AS_INCREMENT, or IN_FULL and why
AUDITED = "stedi.audited"  # how: THE_WHOLE, or what is new beside the totals of which snapshot
MAX_QUARANTINE_SHARE = "stedi.max-quarantine-share"  # of a landing table: the setting that its audit asked by
UPKEEP = "stedi.upkeep"  # what upkeep made a snapshot for, of the rows of the one before it
# What is true of one set of rows only: not of what is left of it once somebody was erased.
OF_THESE_ROWS = (VERSION, VERSIONS, CHECKS, RULES, BUILT, AUDITED, UPKEEP)
AS_INCREMENT, IN_FULL = "as an increment", "in full"
THE_WHOLE, WHAT_IS_NEW = "the whole table", "what is new, added to the totals of snapshot"


class NeverPublishedError(LookupError):
    """A table was asked for that has no published snapshot: not to be taken for an empty one."""

    def __init__(self, table: str) -> None:
        super().__init__(f"{table} was never published; publish it first: stedi run (or materialize it in the UI)")


class UnknownSnapshotError(LookupError):
    """A snapshot was asked for that the table does not have, or no longer."""

    def __init__(self, table: str, snapshot_id: int, kept: Sequence[int]) -> None:
        super().__init__(
            f"{table} has no snapshot {snapshot_id}; kept, the newest first: {', '.join(map(str, kept))}. Replaced "
            "ones are kept for STEDI_RETENTION_DAYS, and an erasure removes those that have the person: take another"
        )


class DamagedTableError(RuntimeError):
    """An object that a snapshot of a table needs is missing or damaged. Everything is as it was."""

    def __init__(self, table: str, snapshot_id: int, uri: str, state: str) -> None:
        self.snapshot_id = snapshot_id
        super().__init__(
            f"{table} cannot be read: {uri} of its snapshot {snapshot_id} {state}; build the tables again from what "
            "landed: stedi run --full"
        )


class DamagedMetadataError(RuntimeError):
    """The metadata file that the catalog names for a table is missing or damaged."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"{table} cannot be read: the metadata file that the catalog names for it is missing or damaged; bring it "
            "back from the bucket's older versions (docs/aws.md)"
        )


class PublicationRefusedError(RuntimeError):
    """What a publication was computed from, or written for, is no longer what readers see. Nothing was published."""


class CommitUnknownError(RuntimeError):
    """The catalog did not tell whether a change of a table was made, and cannot be asked. Nothing was deleted of it."""

    def __init__(self, table: str, found: str) -> None:
        super().__init__(
            f"it cannot be known whether {table} was changed: the catalog was told and did not answer ({found}). "
            "Readers see it whole, as it was or as it was to be; its files stay until upkeep finds that nothing needs "
            "them: see that the catalog answers, and run again"
        )


@dataclass(frozen=True)
class Published:
    """A published snapshot of a table."""

    table: str
    snapshot_id: int
    location: str
    rows: int
    bytes: int
    files: tuple[str, ...] = field(repr=False)
    summary: Mapping[str, str] = field(repr=False)

    @property
    def upstream(self) -> dict[str, int]:
        """The snapshots, by table, that it was computed from."""
        found: dict[str, int] = json.loads(self.summary.get(UPSTREAM, "{}"))
        return found

    @property
    def version(self) -> str:
        """What its rows follow from, in short; where nothing says so, another one for every snapshot."""
        return self.summary.get(VERSION) or str(self.snapshot_id)


# Of so much an engine has the answer sooner than its plan.
LITTLE_BYTES = 8 * 2**20


@dataclass(eq=False)
class Staged:
    """Files that wait for their audit. `upstream`: the snapshots (by table) that they were computed from.

    kept: files of the base snapshot that stay in the table beside them. is_little: whether the whole table is, with all
    that it was computed from. facts: what is kept with the publication.
    """

    contract: Contract
    folder: str
    base_snapshot_id: int | None
    upstream: Mapping[str, int]
    files: tuple[str, ...] = field(default=(), repr=False)
    kept: tuple[str, ...] = field(default=(), repr=False)
    bytes: int = 0
    is_little: bool = False
    facts: dict[str, str] = field(default_factory=dict, repr=False)
