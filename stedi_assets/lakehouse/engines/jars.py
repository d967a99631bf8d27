"""The jars that Apache Spark needs beside its own, pinned here and nowhere else: the S3 connector.

Here: which, and where they are kept once they were fetched. Fetching is Spark's own business (Ivy, from Maven Central).

Without the SDK's bundle, which has 600 MB for what 23 MB do: hadoop-aws and the parts of the SDK that it loads.
"""

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
    """Spark's settings for the jars: those in the cache, or how to fetch them into it."""
    if _stamp(cache).exists():
        return {"spark.jars": ",".join(str(jar) for jar in sorted((_ivy(cache) / "jars").glob("*.jar")))}
    return {
        "spark.jars.packages": ",".join(PACKAGES),
        "spark.jars.excludes": ",".join(EXCLUDED),
        "spark.jars.ivy": str(_ivy(cache)),
    }


def note_fetched(cache: Path) -> None:
    """Spark has started with them, so they are all there: from now on nothing is fetched."""
    _stamp(cache).touch()


def _ivy(cache: Path) -> Path:
    return cache / f"jars-hadoop-aws-{HADOOP_AWS.rpartition(':')[2]}-sdk-{SDK_VERSION}"


def _stamp(cache: Path) -> Path:
    return _ivy(cache) / "complete"
