"""A request to the store or its catalog that was refused or not answered, in one sentence, whoever made it.

Here: knowing such a failure again, as boto3, PyIceberg, PyArrow and the engines tell it, and what is said of it; never
their own text, which quotes requests. Not here: how often it is asked (`rest_catalog`, `objects`, `connection`), and
what became of a commit (`committing`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

# As the engines tell it: the embedded one by its S3 client, Apache Spark by Hadoop's or by AWS's.
_BY_EMBEDDED = re.compile(r"Generic S3 error:(?:.*?status code: (\d+))?", re.DOTALL)
_BY_SPARK = re.compile(r"(?:org\.apache\.hadoop\.fs\.s3a|software\.amazon\.awssdk)[\w.$]*\.(\w+Exception|AWSStatus\w+)")
# Also in a function of ours that the engine runs: what it raised stands last in the trace.
_RAISED = re.compile(r"^\s*([\w.]+(?:Error|Exception|TooLarge))(?::|$)", re.MULTILINE)
_BY_WORKER = "botocore.exceptions."
_BY_ARROW = re.compile(r"AWS Error (\w+)(?: \(HTTP status (\d+)\))?")


class StoreUnansweredError(RuntimeError):
    """The store or its catalog did not answer a run as expected: what was not published is not changed."""


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """Raises StoreUnansweredError for what fails in it of the store; any other error passes as it is."""
    try:
        yield
    except Exception as error:
        if said := said_by_the_store(error):
            raise StoreUnansweredError(said) from None
        raise


def said_by_the_store(error: Exception) -> str | None:
    """The sentence; None for a failure of something else."""
    from botocore.exceptions import BotoCoreError, ClientError
    from pyiceberg.exceptions import RESTError
    from pyspark.errors import PySparkException
    from requests import RequestException

    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "unknown")
        log = "services.log in the home, on AWS CloudTrail"
        return f"the store refused a request ({code}); see its log ({log}), then run again"
    found = None
    if isinstance(error, BotoCoreError | RESTError | RequestException):
        found = type(error).__name__
    elif isinstance(error, PySparkException):
        found = _told_by_an_engine(str(error))
    elif type(error) is OSError and (told := _BY_ARROW.search(str(error))):
        found = told[2] or told[1]
    if found is None:
        return None
    return f"the store did not answer as expected ({found}); run again: it is started if it is down"


def _told_by_an_engine(text: str) -> str | None:
    if told := _BY_EMBEDDED.search(text):
        return told[1] or "no whole answer"
    raised = _RAISED.findall(text)
    if raised and raised[-1].startswith(_BY_WORKER):
        return str(raised[-1]).removeprefix(_BY_WORKER)
    told = _BY_SPARK.search(text)
    return told[1] if told else None
