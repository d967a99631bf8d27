"""The jars that Apache Spark needs beside its own, pinned here and nowhere else: the S3 connector.

Here: which, and where they are kept once they were fetched. Fetching is Spark's own business (Ivy, from Maven Central).

Without the SDK's bundle, which has 600 MB for what 23 MB do: hadoop-aws and the parts of the SDK that it loads.
"""

import hashlib
import json
import shutil
from pathlib import Path

HADOOP_AWS = "org.apache.hadoop:hadoop-aws:3.4.2"  # the Hadoop of pyspark 4.1
SDK_VERSION = "2.54.17"
SDK_MODULES = ("s3", "s3-transfer-manager", "sts", "apache-client", "apache5-client", "kms")
PACKAGES = (HADOOP_AWS, *(f"software.amazon.awssdk:{module}:{SDK_VERSION}" for module in SDK_MODULES))
# The bundle, and what pyspark brings itself.
EXCLUDED = (
    "software.amazon.awssdk:bundle",
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
)


def jar_settings(cache: Path) -> dict[str, str]:
    """Spark's settings for the jars: those in the cache, or how to fetch them into it.

    Where one is missing or of another size than it was when they were fetched, all are fetched anew.
    """
    folder = _folder(cache)
    if _stamp(folder).exists():
        if are_fetched(cache):
            return {"spark.jars": ",".join(str(folder / "jars" / name) for name in sorted(_sizes(folder)))}
        shutil.rmtree(folder)
    return {
        "spark.jars.packages": ",".join(PACKAGES),
        "spark.jars.excludes": ",".join(EXCLUDED),
        "spark.jars.ivy": str(folder),
    }


def are_fetched(cache: Path) -> bool:
    """Whether they are all in the cache, each of the size that it was fetched with."""
    folder = _folder(cache)
    return _stamp(folder).exists() and json.loads(_stamp(folder).read_text() or "{}") == _sizes(folder)


def note_fetched(cache: Path) -> None:
    """Spark has started with them, so they are all there: from now on nothing is fetched."""
    folder = _folder(cache)
    if not _stamp(folder).exists():
        own = _stamp(folder).with_suffix(".new")
        own.write_text(json.dumps(_sizes(folder)))
        own.replace(_stamp(folder))


def _folder(cache: Path) -> Path:
    """Another one for each set of coordinates."""
    coordinates = hashlib.sha256("\n".join((*PACKAGES, "", *EXCLUDED)).encode()).hexdigest()
    return cache / f"jars-{coordinates[:12]}"


def _sizes(folder: Path) -> dict[str, int]:
    return {jar.name: jar.stat().st_size for jar in (folder / "jars").glob("*.jar")}


def _stamp(folder: Path) -> Path:
    return folder / "complete"
