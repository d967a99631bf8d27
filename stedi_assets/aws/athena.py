"""Athena: the statements that create the tables over the raw JSON, and sending statements.

Here: filling the statements of `sql/` in and running them one by one, each failure as one sentence. Not here: what
they create (each file of `sql/` says it), and the Iceberg tables, which publishing registers (`lakehouse.catalog`).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Template
from typing import Any

from stedi_assets.contracts import SOURCES
from stedi_assets.settings import Settings

SQL = Path(__file__).resolve().parent.parent / "sql"
WORKGROUP = "stedi"
_POLL_SECONDS, _MOST_POLLS = 1, 600


class AthenaRefusedError(RuntimeError):
    """A statement that Athena did not carry out: what was asked, what it said, what to do."""


def raw_table_statements(landing: str) -> list[str]:
    """The statements that create the raw tables over a landing zone, in order.

    Without their comments: before and inside DDL Athena takes a comment for a mistake. And each by itself: it runs one
    statement a request.
    """
    names = ["database", *(contract.table for contract in SOURCES.values())]
    quoted = landing.replace("'", "''")  # it stands in a literal, and a prefix is whatever somebody chose
    return [Template(_without_comments(SQL / f"{name}.sql")).substitute(landing=quoted) for name in names]


def run(settings: Settings, workgroup: str, statements: Iterable[str]) -> Iterator[str]:
    """Runs each when the one before it has succeeded, and then yields its first line. Raises AthenaRefusedError."""
    from botocore.exceptions import BotoCoreError, ClientError
    from dagster_aws.athena import AthenaClientResource
    from dagster_aws.athena.resources import AthenaError, AthenaTimeout

    os.environ["AWS_DEFAULT_REGION"] = settings.region  # the resource has no field for it
    resource = AthenaClientResource(workgroup=workgroup, polling_interval=_POLL_SECONDS, max_polls=_MOST_POLLS)
    client: Any = resource.get_client()
    asked = f"Athena in {settings.region}, workgroup {workgroup}"
    for statement in statements:
        first_line = statement.splitlines()[0].rstrip(" (")
        try:
            client.execute_query(statement)
        except AthenaTimeout:
            raise AthenaRefusedError(
                f"{asked}, did not finish within {_POLL_SECONDS * _MOST_POLLS} s: {first_line}; see its query history"
            ) from None
        except AthenaError as error:
            raise AthenaRefusedError(f"{asked}, failed at: {first_line}; it said: {_one_line(error)}") from None
        except KeyError:  # what dagster-aws makes of a query that ended without a reason
            raise AthenaRefusedError(
                f"{asked}, ended without success, and without a reason, at: {first_line}; was it cancelled? run again"
            ) from None
        except (ClientError, BotoCoreError) as error:
            raise AthenaRefusedError(f"{asked}, {_refusal(error, workgroup)}") from None
        yield first_line


def _refusal(error: Exception, workgroup: str) -> str:
    """What a request that did not even start a query means."""
    from botocore.exceptions import ClientError, NoCredentialsError

    if isinstance(error, NoCredentialsError):
        return "was not asked: no AWS credentials were found; bring them as for the `aws` command (AWS_PROFILE, ...)"
    if not isinstance(error, ClientError):
        return f"did not answer ({type(error).__name__}); check STEDI_REGION, the credentials and the network"
    said = f"refused the request ({error.response['Error'].get('Code')}: {_one_line(error.response['Error'])})"
    if "workgroup" in said.lower():
        return f"{said}; name a workgroup that exists there with --workgroup, or create {workgroup}"
    return f"{said}; check the credentials, and their rights in Athena, Glue and S3"


def _one_line(said: object) -> str:
    text = said.get("Message", "") if isinstance(said, dict) else str(said)
    return " ".join(str(text).split()) or "nothing"


def _without_comments(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("--")).strip()
