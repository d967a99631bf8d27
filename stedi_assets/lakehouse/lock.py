"""One run at a time in a home.

Only the lock. The kernel frees it when its holder dies, however it dies, so nothing has to be cleaned up.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stedi_assets.settings import Settings

_LOCK = "run.lock"


class HomeBusyError(RuntimeError):
    """Another run held the home's lock for longer than this one would wait."""


@contextmanager
def home_lock(settings: Settings, tell: Callable[[str], object]) -> Iterator[None]:
    """Holds the home's lock. A process that holds it already may take it again. `tell` is told of a wait.

    Raises HomeBusyError after STEDI_LOCK_TIMEOUT_SECONDS.
    """
    from filelock import FileLock, Timeout

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(settings.home / _LOCK, is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tell(f"another run works in {settings.home}; waiting up to {settings.lock_timeout_seconds:g} s for it")
        try:
            lock.acquire(timeout=settings.lock_timeout_seconds)
        except Timeout:
            raise HomeBusyError(
                f"another run has been working in {settings.home} for over {settings.lock_timeout_seconds:g} s; "
                "wait for it, or allow more time with STEDI_LOCK_TIMEOUT_SECONDS. Nothing was changed"
            ) from None
    try:
        yield
    finally:
        lock.release()


def is_held(settings: Settings) -> bool:
    """Whether somebody holds the home's lock now, another part of this process included."""
    from filelock import FileLock, Timeout

    if not settings.home.is_dir():
        return False
    try:
        with FileLock(settings.home / _LOCK).acquire(timeout=0):
            return False
    except Timeout:
        return True
