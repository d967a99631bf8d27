"""Why an engine cannot be used. Only that."""


class EngineError(RuntimeError):
    """An engine that is not there or does not answer: what was expected, what was found, what to do."""
