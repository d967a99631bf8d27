"""Messages about the files of a home's store: what is deleted from them, what was torn."""

import signal

import psutil
import pytest

from stedi_assets.lakehouse.services import (
    copy_index,
    deleted_content,
    disk,
    ensure_running,
    index,
    index_migration,
    recovery,
    refuse_little_space,
    shell,
    stop,
    vacuum,
    vacuum_all,
)
from stedi_assets_tests.faults.said import Given, Provoke, sentence
from stedi_assets_tests.storage.test_services import s3


def _warned(given: Given) -> str:
    """What the next start of the home's services says in the log."""
    log: pytest.LogCaptureFixture = given.request.getfixturevalue("caplog")
    ensure_running(given.home)
    return log.messages[-1].removeprefix("stedi: ")


def _filled(given: Given) -> None:
    """A home whose store has an object, and deleted content."""
    services = ensure_running(given.home)
    for key in ("kept", "deleted"):
        s3(services).put_object(Bucket=services.bucket, Key=key, Body=b"content")
    s3(services).delete_object(Bucket=services.bucket, Key="deleted")


def _obstacle(given: Given) -> str:
    _filled(given)
    (given.home / "store" / "stedi_1.cpd").mkdir()
    given.patch.setattr(deleted_content, "_ATTEMPTS", 1)
    return sentence(lambda: vacuum(given.home))


def _mostly_orphans(given: Given) -> str:
    _filled(given)
    given.patch.setattr(shell, "find_orphans", lambda *_all: shell.Orphans(chunks=9, of=10))
    return sentence(lambda: vacuum_all(given.home))


def _orphans_left(given: Given) -> str:
    _filled(given)
    process = psutil.Process(ensure_running(given.home).pid)
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=30)
    given.patch.setattr(shell, "find_orphans", lambda *_all: shell.Orphans(chunks=9, of=10))
    return _warned(given)


def _lost_index(given: Given) -> str:
    _filled(given)
    stop(given.home)
    for file in (given.home / "store").glob("filer.db*"):
        file.unlink()
    return given.said("tables")


def _sound_index(given: Given) -> str:
    _filled(given)
    copy_index(given.home)
    return given.said("restore-index")


def _other_index(given: Given) -> str:
    given.patch.setattr(recovery, "write_configuration", lambda _home: None)
    return given.said("tables")


def _not_copied(given: Given) -> str:
    ensure_running(given.home)
    (given.home / "store" / "filer.db").unlink()
    return sentence(lambda: copy_index(given.home))


def _old(given: Given) -> None:
    """A home from before the index was kept in SQLite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recovery, "write_configuration", lambda _home: None)
        patch.setattr(index, "syncs_objects", lambda _home: True)
        _filled(given)
    stop(given.home)


def _not_taken_over(given: Given) -> str:
    _old(given)
    given.patch.setattr(index_migration, "count_entries", lambda _home: 1)
    return given.said("tables")


def _taken_over(given: Given) -> str:
    _old(given)
    return _warned(given)


def _torn(given: Given) -> str:
    _filled(given)
    stop(given.home)
    with (given.home / "store" / "stedi_1.dat").open("ab") as data:
        data.write(b"torn")
    return _warned(given)


def _little_space(given: Given) -> str:
    ensure_running(given.home)
    given.patch.setattr(disk, "least_free", lambda _total: 2**62)
    return sentence(lambda: refuse_little_space(given.home))


def _open(given: Given) -> str:
    """What a run says where an erasure is open."""
    receipt = given.home / "erasures" / "request.unfinished.json"
    receipt.parent.mkdir(parents=True)
    receipt.write_text("{}")
    return given.said("run", "--quiet", status=0)


MESSAGES: dict[str, Provoke] = {
    "expected at least … MB free on the disk of …, because an erasure writes the largest file …; …": (_little_space),
    "WARN  the erasure … is not finished: …; stedi doctor names what is in its way, …": (_open),
    "expected no deleted content in the files of …, found …; see …, free disk space or remove what is in the way, …": (
        _obstacle
    ),
    "expected at most …% of the content in … to be of no object, found … (… of … chunks), …; nothing was deleted: …": (
        _mostly_orphans
    ),
    "the store of this home has lost its index: expected …, found …; nothing was changed: put the copy … back …": (
        _lost_index
    ),
    "expected a copy of the index in …, found none; nothing was changed: each run makes one; …": lambda g: g.said(
        "restore-index"
    ),
    "expected a lost or damaged index in …, found a sound one; nothing was changed: …": _sound_index,
    "expected the index of the store in …, found '…'; run …": _other_index,
    "expected to copy the index of the store, …, found '…'; the copy before is kept: …": _not_copied,
    "expected … entries in the new index of the store in …, found …; the old index is as it was: …": _not_taken_over,
    "the index of the store in … is kept in SQLite from now on, … entries": _taken_over,
    "content that no object names was left in the store: …": _orphans_left,
    "files of the store in … were torn and are repaired: …": _torn,
}
