"""Why an engine cannot be used. Only that: one error, and making it of what the client says."""

from collections.abc import Iterator
from contextlib import contextmanager

_GONE = ("UNAVAILABLE", "INVALID_HANDLE", "CANCELLED", "UNAUTHENTICATED")


class EngineError(RuntimeError):
    """An engine that is not there or does not answer: what was expected, what was found, what to do."""


@contextmanager
def losing(engine: str) -> Iterator[None]:
    """While an engine is used: one sentence if it is lost. Any other error of it passes as it is."""
    from pyspark.errors.exceptions.connect import SparkConnectException

    from stedi_assets.lakehouse.engines.connect import name_of

    try:
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
