"""Which failures are the user's to mend, and what is said of them.

Only errors whose message already says what was expected, found, and what to do. Anything else is a defect of the
product and keeps its traceback.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from stedi_assets.settings import SettingsError


def sentence_of(error: Exception) -> str | None:
    """The one sentence for the user, or None for an error that is not theirs."""
    # First: what follows imports much, and would stumble over the same.
    if said := _said_of_memory(error) or _said_of_a_missing_part(error) or _said_by_the_disk(error):
        return said
    from stedi_assets.aws.athena import AthenaRefusedError
    from stedi_assets.erasure.registry import RegistryError
    from stedi_assets.expectations import ExpectationsError
    from stedi_assets.keys import KeyFileError
    from stedi_assets.lakehouse.connection import StoreError
    from stedi_assets.lakehouse.engines import EngineError
    from stedi_assets.lakehouse.lock import HomeBusyError
    from stedi_assets.lakehouse.publication import CommitUnknownError, NeverPublishedError, UnknownSnapshotError
    from stedi_assets.lakehouse.services import ServicesError
    from stedi_assets.lakehouse.unanswered import StoreUnansweredError, said_by_the_store
    from stedi_assets.landing.folder import LandingError

    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}; check the path and its rights"
    mendable = (
        AthenaRefusedError,
        CommitUnknownError,
        EngineError,
        ExpectationsError,
        HomeBusyError,
        KeyFileError,
        LandingError,
        NeverPublishedError,
        RegistryError,
        ServicesError,
        SettingsError,
        StoreError,
        StoreUnansweredError,
        UnknownSnapshotError,
        UsageError,
    )
    return str(error) if isinstance(error, mendable) else said_by_the_store(error)


def status_of(error: Exception) -> int:
    """1 for a run that could not be carried out as things are, 2 for wrong usage or a missing part."""
    from stedi_assets.lakehouse.lock import HomeBusyError
    from stedi_assets.lakehouse.publication import CommitUnknownError

    return 1 if isinstance(error, CommitUnknownError | HomeBusyError) else 2


def _said_of_a_missing_part(error: Exception) -> str | None:
    """A package that is not installed; one of the product's own modules would be a defect."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None or name.startswith("stedi_assets"):
        return None
    return f"the module {name} is not installed; `stedi doctor` tells what is missing: install the package anew"


def _said_of_memory(error: BaseException) -> str | None:
    """Memory or a thread that the system did not give, in whatever way that shows."""
    for cause in _causes(error):
        is_refused = (
            isinstance(cause, MemoryError)
            or (isinstance(cause, OSError) and cause.errno == errno.ENOMEM)
            or (isinstance(cause, RuntimeError) and "can't start new thread" in str(cause))
            or (isinstance(cause, ImportError) and "failed to map segment" in str(cause))
        )
        if is_refused:
            return (
                "the system gave this process no more memory or threads; allow more (ulimit -v and -u, the limits of "
                "the container), or end other programs, and run again"
            )
    return None


def _said_by_the_disk(error: BaseException) -> str | None:
    """A full disk, or a database of Dagster's that cannot be used, however deep in the error it is told."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"{cause.filename or 'the output'}: {(cause.strerror or '').lower()}; free some and run again"
    return said_of_dagsters_database(error)


def said_of_dagsters_database(error: BaseException) -> str | None:
    """Return what is wrong with Dagster's databases if that is what the error is about."""
    for cause in _causes(error):
        raised = getattr(cause, "orig", None)  # of SQLAlchemy's errors: Dagster alone reaches SQLite by it
        if not isinstance(raised, sqlite3.DatabaseError):
            continue
        from stedi_assets.dagster_databases import find_damaged

        if damaged := find_damaged(Path(os.environ["DAGSTER_HOME"])):
            files = " and ".join(map(str, damaged))
            return (
                f"{files}: damaged, and a database of Dagster's; move it away and run again: a new one is made. The "
                "tables do not depend on it, the UI shows earlier runs no more"
            )
        return f"Dagster's database in the home cannot be used ({raised}); check the home's disk and its rights"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from or while, outermost first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


class UsageError(ValueError):
    """Wrong usage that only shows once a command has begun."""


def refuse_without_folder(json_file: Path | None) -> None:
    """Raises UsageError for a file to be written that has no folder: before the work, not after it."""
    if json_file is not None and not json_file.parent.is_dir():
        raise UsageError(f"--json {json_file}: {json_file.parent} is no folder; name a file in one that exists")
