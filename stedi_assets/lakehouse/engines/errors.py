"""Why an engine cannot be used. Only that: one error, making it of what the client says, and how it names an engine."""

from collections.abc import Iterator
from contextlib import contextmanager

from stedi_assets.lakehouse.unanswered import in_a_sentence

_GONE = ("UNAVAILABLE", "INVALID_HANDLE", "CANCELLED", "UNAUTHENTICATED")


class EngineError(RuntimeError):
    """An engine that is not there or does not answer: what was expected, what was found, what to do."""


def name_of(engine: str) -> str:
    """The engine as reports and messages name it: of an address nothing but the place, as a token may follow."""
    return engine.partition("/;")[0].rstrip("/")


@contextmanager
def losing(engine: str) -> Iterator[None]:
    """While an engine is used: one sentence if it is lost, or if the store does not answer, to it or to this process.

    Any other error passes as it is. Raises EngineError, StoreUnansweredError.
    """
    from pyspark.errors.exceptions.connect import SparkConnectException

    try:
        with in_a_sentence():
            yield
    except SparkConnectException as error:
        told = str(error)
        reason = next((reason for reason in _GONE if reason in told), None)
        if reason is None:
            raise
        raise EngineError(
            f"the engine ({name_of(engine)}) was lost while it was used ({reason.lower().replace('_', ' ')}); what is "
            "published is whole, the rest is unchanged: see that the engine runs and has memory enough, and run again"
        ) from None
