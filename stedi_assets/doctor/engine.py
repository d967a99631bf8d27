"""The engine that the settings name: whether it could compute.

Only asking: none is started, no jar is fetched.
"""

from collections.abc import Iterator
from importlib import metadata

from stedi_assets.doctor.finding import Finding
from stedi_assets.settings import EMBEDDED, GLUE, SPARK, Settings


def findings(settings: Settings) -> Iterator[Finding]:
    """The engine, and the parts that it needs."""
    if settings.engine == EMBEDDED:
        yield _embedded()
    elif settings.engine == SPARK:
        yield from _apache_spark(settings)
    elif settings.engine == GLUE:
        yield Finding("engine", "ok", "Glue jobs, started by Dagster")
    else:
        yield _endpoint(settings.engine)


def _embedded() -> Finding:
    try:
        from pysail.spark import SparkConnectServer  # noqa: F401
    except ImportError as error:
        said = str(error).splitlines()[0]
        return Finding("engine", "missing", f"embedded: {said}", "install the package pysail as it is pinned")
    return Finding("engine", "ok", f"embedded, Sail {metadata.version('pysail')}")


def _apache_spark(settings: Settings) -> Iterator[Finding]:
    from stedi_assets.lakehouse.engines.errors import EngineError
    from stedi_assets.lakehouse.engines.jars import are_fetched
    from stedi_assets.lakehouse.engines.java import find_java

    yield Finding("engine", "ok", f"Apache Spark {metadata.version('pyspark')}")
    try:
        java, version = find_java()
        yield Finding("Java", "ok", f"{version} at {java}")
    except EngineError as error:
        found, _, remedy = str(error).partition(": ")
        yield Finding("Java", "missing", found, remedy)
    fetched = "fetched" if are_fetched(settings.cache) else "fetched from Maven Central at the first start (23 MB)"
    yield Finding("Spark's jars", "ok", f"{settings.cache}: {fetched}")


def _endpoint(engine: str) -> Finding:
    from stedi_assets.lakehouse.engines.connect import refuse_unreachable
    from stedi_assets.lakehouse.engines.errors import EngineError, name_of

    try:
        refuse_unreachable(engine)
    except EngineError as error:
        found, _, remedy = str(error).partition("; ")
        return Finding("engine", "not reachable", found, remedy)
    return Finding("engine", "ok", f"{name_of(engine)} answers as Spark Connect")
