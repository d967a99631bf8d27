"""A limit to how long an audit may take: one that hangs must end the run, not keep it open until somebody looks.

Here: waiting no longer than that. Not here: what is asked (`run`), and how long is allowed (`settings`).
"""

from collections.abc import Callable
from concurrent.futures import TimeoutError as NotDoneError
from concurrent.futures import wait
from typing import TypeVar

from stedi_assets.lakehouse.side_by_side import begun

Answer = TypeVar("Answer")
_GIVING_UP_SECONDS = 10


class AuditTimeoutError(RuntimeError):
    """The checks of a table took longer than STEDI_AUDIT_TIMEOUT_SECONDS. It is never tried again."""

    def __init__(self, table: str, seconds: float) -> None:
        super().__init__(
            f"the checks of {table} did not end within {seconds:g} s; it is not published, what readers see of it is "
            "unchanged. See what the engine does, or allow more with STEDI_AUDIT_TIMEOUT_SECONDS, and run again"
        )


def within(seconds: float, table: str, ask: Callable[[], Answer], give_up: Callable[[], object]) -> Answer:
    """What `ask` answers, or raises. After `seconds` `give_up` is told, and AuditTimeoutError raised.

    A thread that is still asking, or giving up, is left behind: it ends with the process.
    """
    answer = begun(ask, f"audit of {table}")
    try:
        return answer.result(timeout=seconds)
    except NotDoneError:
        if answer.done():  # it was the question that raised
            raise
        wait([begun(give_up, f"end of the audit of {table}")], timeout=_GIVING_UP_SECONDS)
        raise AuditTimeoutError(table, seconds) from None
