"""Which failures are the user's to mend, and what is said of them.

Only errors whose message already says what was expected, found, and what to do. Anything else is a defect of the
product and keeps its traceback.
"""

import errno
import sqlite3
from pathlib import Path

from stedi_assets.settings import SettingsError


def sentence_of(error: Exception) -> str | None:
    """The one sentence for the user, or None for an error that is not theirs."""
    # First: what follows imports much, and would stumble over the same.
    if said := _said_of_a_missing_part(error) or _said_by_the_disk(error):
        return said
    from stedi_assets.aws.athena import AthenaRefusedError
    from stedi_assets.erasure.registry import RegistryError
    from stedi_assets.expectations import ExpectationsError
    from stedi_assets.keys import KeyFileError
    from stedi_assets.lakehouse.connection import StoreError
    from stedi_assets.lakehouse.engines import EngineError
    from stedi_assets.lakehouse.lock import HomeBusyError
    from stedi_assets.lakehouse.objects import UnreadableObjectError
    from stedi_assets.lakehouse.publication import (
        CommitUnknownError,
        DamagedMetadataError,
        DamagedTableError,
        NeverPublishedError,
        UnknownSnapshotError,
    )
    from stedi_assets.lakehouse.services import ServicesError
    from stedi_assets.lakehouse.unanswered import StoreUnansweredError, said_by_the_store
    from stedi_assets.landing.folder import LandingError

    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}; check the path and its rights"
    mendable = (
        AthenaRefusedError,
        CommitUnknownError,
        DamagedMetadataError,
        DamagedTableError,
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
        UnreadableObjectError,
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


def _said_by_the_disk(error: BaseException) -> str | None:
    """A full disk, or a database of Dagster's that cannot be used, however deep in the error it is told."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"{cause.filename or 'the output'}: {(cause.strerror or '').lower()}; free some and run again"
        if isinstance(cause, sqlite3.OperationalError):
            return f"Dagster's database in the home cannot be used ({cause}); check the home's disk and its rights"
        cause = cause.__cause__ or cause.__context__
    return None


class UsageError(ValueError):
    """Wrong usage that only shows once a command has begun."""


def refuse_without_folder(json_file: Path | None) -> None:
    """Raises UsageError for a file to be written that has no folder: before the work, not after it."""
    if json_file is not None and not json_file.parent.is_dir():
        raise UsageError(f"--json {json_file}: {json_file.parent} is no folder; name a file in one that exists")
