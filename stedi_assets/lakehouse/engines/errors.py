"""Why an engine cannot be used. Only that: one error, making it of what the client says, and how it names an engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from stedi_assets.lakehouse.unanswered import in_a_sentence

# gRPC's words for an answer that arrived and is none; and Sail's where the client takes it for the end of the stream,
# and asks for the rest of an operation that has ended.
_UNDECODED = ("Exception deserializing response", "task context not found for operation")
Found = TypeVar("Found")
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
        if _is_undecoded(told):
            raise EngineError(
                f"an answer of the engine ({name_of(engine)}) could not be decoded, nor when all was done anew; what "
                "is published is whole, the rest is unchanged: run again"
            ) from None
        reason = next((reason for reason in _GONE if reason in told), None)
        if reason is None:
            raise
        raise EngineError(
            f"the engine ({name_of(engine)}) was lost while it was used ({reason.lower().replace('_', ' ')}); what is "
            "published is whole, the rest is unchanged: see that the engine runs and has memory enough, and run again"
        ) from None


def anew_if_undecoded(does: Callable[[], Found], tell: Callable[[str], object], times: int = 2) -> Found:
    """What `does` finds; done anew, so many times at most, if an answer of the engine arrived and could not be decoded.

    Once in some hundred runs the embedded engine (Sail 0.7.2) gives such an answer; why is not known. It cannot be
    asked for a second time, so all is done anew, from reading to audit. Nothing of it may have been handed on.
    """
    from pyspark.errors.exceptions.connect import SparkConnectException

    for _ in range(times):
        try:
            return does()
        except SparkConnectException as error:
            if not _is_undecoded(str(error)):
                raise
            tell("an answer of the engine could not be decoded: the step begins anew")
    return does()


def _is_undecoded(told: str) -> bool:
    return any(words in told for words in _UNDECODED)
