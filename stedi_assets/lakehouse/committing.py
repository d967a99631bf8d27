"""A change of a table, told to the catalog: made, refused or, where nobody can know, neither.

Here: what it means when an answer is lost, is an error, or says that someone else was first; looking the change up, and
telling it again. Not here: the catalogs' clients (`rest_catalog`, `glue_catalog`), and what is changed (`tables`,
`building.rollback`, `erasure`, `upkeep`), which hears of it as if there had been one answer.

A change names the snapshot that it adds and the one that it is made on. So it can be looked up, and told twice without
being made twice. PyIceberg deletes a change's manifests when it hears CommitFailedException, and our own code the data
files: that is raised for nothing but a change that the catalog, asked afterwards, does not have.
"""

import time
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError
from pyiceberg.exceptions import (
    CommitFailedException,
    CommitStateUnknownException,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
)
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import (
    AddSnapshotUpdate,
    RemoveSnapshotRefUpdate,
    RemoveSnapshotsUpdate,
    SetSnapshotRefUpdate,
    TableUpdate,
)
from requests import RequestException

from stedi_assets.lakehouse.publication import CommitUnknownError

TRIES = 4
FIRST_PAUSE_SECONDS = 0.5
# A catalog that hangs costs a time-out each time it is asked: after so long it is not told again.
PATIENCE_SECONDS = 90.0

_NO_ANSWER = (
    RequestException,
    BotoCoreError,
    CommitStateUnknownException,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
    ValidationError,  # what came is no answer
)
# Of Glue's, with a status as if the change itself were wrong.
_NO_ANSWER_CODES = {"OperationTimeoutException", "InternalServiceException", "ThrottlingException"}


def settled(
    name: str, updates: Sequence[TableUpdate], tell: Callable[[], CommitTableResponse], look: Callable[[], Table]
) -> CommitTableResponse:
    """Has the change made: what the catalog has then.

    `tell` tells the catalog, `look` loads the table as it is now. Raises CommitFailedException where the change surely
    was not made, CommitUnknownError where that cannot be known, and as it is what says that it was no change to make.
    """
    begun = time.monotonic()
    for attempt in range(TRIES):
        if attempt:
            time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        try:
            return tell()
        except Exception as error:
            # A first answer that is a refusal is believed. Later ones may be to what was made the time before.
            if not attempt and not isinstance(error, CommitFailedException) and not _is_no_answer(error):
                raise
            said = error
        table = _looked_up(look)
        if table is not None and _is_made(updates, table.metadata):
            return CommitTableResponse(
                metadata=table.metadata,
                metadata_location=table.metadata_location,  # type: ignore[call-arg]
            )
        if table is not None and not _is_no_answer(said):
            raise said
        if time.monotonic() - begun > PATIENCE_SECONDS:
            break
    raise CommitUnknownError(name, type(said).__name__) from None


def _is_no_answer(error: Exception) -> bool:
    """Whether it leaves open what became of the change."""
    if isinstance(error, ClientError):
        answer = error.response
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or answer.get("Error", {}).get("Code") in _NO_ANSWER_CODES
    return isinstance(error, _NO_ANSWER)


def _looked_up(look: Callable[[], Table]) -> Table | None:
    """The table as it is now, None where that cannot be seen: whatever the reason, it is not the change's failure."""
    try:
        return look()
    except Exception:
        return None


def _is_made(updates: Sequence[TableUpdate], metadata: TableMetadata) -> bool:
    """Whether the table has what the change was to make; it may have been changed again since."""
    known = {snapshot.snapshot_id for snapshot in metadata.snapshots}
    removed = {gone for update in updates if isinstance(update, RemoveSnapshotsUpdate) for gone in update.snapshot_ids}
    added = {update.snapshot.snapshot_id for update in updates if isinstance(update, AddSnapshotUpdate)} - removed
    if added:
        return added <= known
    return all(_shows(update, metadata, known) for update in updates)


def _shows(update: TableUpdate, metadata: TableMetadata, known: set[int]) -> bool:
    """The same of a part of a change that adds no snapshot; of a kind that is never made alone, no."""
    if isinstance(update, RemoveSnapshotsUpdate):
        return known.isdisjoint(update.snapshot_ids)
    if isinstance(update, RemoveSnapshotRefUpdate):
        return update.ref_name not in metadata.refs
    if isinstance(update, SetSnapshotRefUpdate):
        found = metadata.refs.get(update.ref_name)
        return found is not None and found.snapshot_id == update.snapshot_id
    return False
