"""Which failures are the user's to mend, and what is said of them.

Only errors whose message already says what was expected, found, and what to do. Anything else is a defect of the
product and keeps its traceback.
"""

from stedi_assets.settings import SettingsError


def sentence_of(error: Exception) -> str | None:
    """The one sentence for the user, or None for an error that is not theirs."""
    from stedi_assets.expectations import ExpectationsError
    from stedi_assets.lakehouse.lock import HomeBusyError
    from stedi_assets.lakehouse.publication import NeverPublishedError
    from stedi_assets.lakehouse.services import ServicesError
    from stedi_assets.landing.zone import LandingError

    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {(error.strerror or str(error)).lower()}; check the path and its rights"
    mendable = (
        ExpectationsError,
        HomeBusyError,
        LandingError,
        NeverPublishedError,
        ServicesError,
        SettingsError,
        UsageError,
    )
    return str(error) if isinstance(error, mendable) else None


class UsageError(ValueError):
    """Wrong usage that only shows once a command has begun."""
