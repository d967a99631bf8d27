"""A table that is built by an AWS Glue job: Dagster starts the job, and shows what it tells.

Here: what an asset's step does where the engine is Glue. Not here: the job itself (`glue_jobs`), which builds, audits
and publishes as every other engine does, and how the two talk (`aws.pipes`).
"""

import json
from collections.abc import Iterator

from dagster import AssetCheckResult, AssetExecutionContext, MaterializeResult

from stedi_assets.assets.metadata import check_result, failure, result_of
from stedi_assets.contracts import contract_of
from stedi_assets.glue_jobs import SCRIPTS, job_name
from stedi_assets.glue_jobs.order import Order
from stedi_assets.glue_jobs.report import JobReport
from stedi_assets.lakehouse.lakehouse import Lakehouse
from stedi_assets.lakehouse.publication import Published, Staged

_SILENT = "ended well and told nothing: its script is expected to be the one of this version (docs/aws.md)"


def publish_by_job(
    context: AssetExecutionContext, lakehouse: Lakehouse, built: str
) -> Iterator[MaterializeResult[Staged | Published] | AssetCheckResult]:
    """Has the job build it; yields what it published, each table with its verdicts.

    Raises Failure where the job ended badly: it names the failed checks, or says what the job said.
    """
    if built not in SCRIPTS:
        raise failure(f"no Glue job builds {built}; use another engine for it")
    told, ended = _run(context, lakehouse, job_name(built))
    for publication in told.publications:
        contract, published = contract_of(publication.contract), publication.published
        yield result_of(contract, published, publication.preview, publication.verdicts, publication.is_new)
    if ended is None and told.publications:
        return
    yield from map(check_result, told.refused)
    raise failure(
        told.failure or f"the Glue job {job_name(built)} {ended or _SILENT}; what is published is whole",
        [verdict for verdict in told.refused if verdict.blocks],
    )


def _run(context: AssetExecutionContext, lakehouse: Lakehouse, name: str) -> tuple[JobReport, str | None]:
    """What the job told, and, if it did not end well, how it ended."""
    from botocore.exceptions import BotoCoreError, ClientError

    from stedi_assets.aws import pipes

    order = Order(
        lakehouse.settings,
        lakehouse.policy,
        landing=lakehouse.landing,
        expect=json.dumps(lakehouse.expectations) if lakehouse.expectations else "none",
        run_id=context.run_id,
        full=lakehouse.full,
    )
    reader = pipes.MessageReader(lakehouse.store, lakehouse.s3)
    client = pipes.glue_client(pipes.glue_service(lakehouse.store.region), reader)
    ended: str | None = None
    try:
        client.run(
            context=context.op_execution_context,
            start_job_run_params={"JobName": name, "Arguments": order.arguments()},
        )
    except ClientError as error:
        ended = f"could not be run ({error.response.get('Error', {}).get('Code', 'unknown')}); see docs/aws.md"
    except BotoCoreError as error:
        ended = f"could not be run ({type(error).__name__}); see docs/aws.md"
    except RuntimeError as error:  # how dagster-aws says that a job run ended in another way than success
        ended = " ".join(str(error).partition(" completed ")[2].split()) or "ended badly"
    return JobReport.read(reader.custom_messages), ended
