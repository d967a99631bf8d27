"""The engines that can compute the tables: which one a setting means, and a session on it.

Here: the choice. Behind it `embedded` (inside this process), `apache_spark` (a JVM on this machine, with `java` and
`jars`), `connect` (any Spark Connect endpoint). All are spoken to through the same client. Not here: Dagster.
"""

import resource
from typing import TYPE_CHECKING, Any

from stedi_assets.lakehouse.engines.errors import EngineError
from stedi_assets.settings import EMBEDDED, GLUE, SPARK, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stedi_assets.lakehouse.store import Store

# On two cores the reference set takes more than 3 GB, most of which is never used.
_LEAST_ADDRESS_SPACE = 4_000_000 * 1024

__all__ = ["EngineError", "refuse_missing", "session_on"]


def refuse_missing(settings: Settings) -> None:
    """Raises EngineError for an engine that lacks a part or does not answer: before anything is changed."""
    if settings.engine == EMBEDDED:
        _refuse_little_address_space()
    elif settings.engine == SPARK:
        from stedi_assets.lakehouse.engines.java import java_home

        java_home()
    elif settings.engine != GLUE:
        from stedi_assets.lakehouse.engines.connect import refuse_unreachable

        refuse_unreachable(settings.engine)


def _refuse_little_address_space() -> None:
    """Raise EngineError where libraries of the run would abort the process, without a word of this product's."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST_ADDRESS_SPACE:
        raise EngineError(
            f"expected at least {_LEAST_ADDRESS_SPACE / 1e9:.1f} GB of address space for the embedded engine, found "
            f"{limit / 1e9:.1f} GB; allow more: ulimit -v unlimited"
        )


def session_on(settings: Settings, store: "Store", spark_config: dict[str, Any] | None = None) -> "SparkSession":
    """A session on the engine of the settings; the same one at each call. Raises EngineError."""
    given = spark_config or {}
    if settings.engine == EMBEDDED:
        from stedi_assets.lakehouse.engines.embedded import embedded_session

        return embedded_session(store, given)
    from stedi_assets.lakehouse.engines.connect import connect_session

    if settings.engine == SPARK:
        from stedi_assets.lakehouse.engines.apache_spark import local_server_url

        return connect_session(local_server_url(settings, store), given)
    return connect_session(settings.engine, given, ship_package=True)
