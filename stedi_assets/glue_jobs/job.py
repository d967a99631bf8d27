"""What every Glue job does: build, audit, publish, tell. The scripts beside this name what they build.

Here: the order of these steps, and how a job ends. Not here: the steps (`building`, `lakehouse`), what a job is told
(`order`) and tells (`report`).

A job ends with an error where it publishes nothing, so that Glue, too, shows it as failed. What it says then is a
sentence of ours, or the kind of an error whose words might quote rows.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import boto3
from dagster_pipes import PipesCliArgsParamsLoader, PipesS3ContextLoader, PipesS3MessageWriter, open_dagster_pipes
from pyspark.sql import SparkSession

from stedi_assets.building.audited import Audited, Built, NotPublishedError, named, preview, refuse_unsound
from stedi_assets.glue_jobs.order import Order, read_order
from stedi_assets.glue_jobs.report import JobReport, Publication, Sink
from stedi_assets.lakehouse.lakehouse import Lakehouse, open_lakehouse
from stedi_assets.lakehouse.unanswered import in_a_sentence
from stedi_assets.settings import SettingsError
from stedi_assets.upkeep.repair import repair_history

MESSAGE_SECONDS = 2.0
log = logging.getLogger("stedi")


def run_job(build: Callable[[Lakehouse], Sequence[Built]]) -> None:
    """Builds and publishes what `build` stages and audits; ends the process with an error if nothing is published."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")
    log.setLevel(logging.INFO)
    try:
        order = read_order(sys.argv[1:])
    except SettingsError as error:
        sys.exit(f"stedi: {error}")
    report = JobReport()
    with _dagster(order) as (sink, tell):
        try:
            with in_a_sentence():
                _carry_out(order, build, report, tell)
        except Exception as error:  # passed on, Pipes would send its words and its trace to Dagster
            report.failure = said_of(error)
            tell(report.failure)
        if sink is not None:
            report.send(sink)
    if report.failure:
        sys.exit(f"stedi: {report.failure}")


def said_of(error: Exception) -> str:
    """What may be said of an error: our own words, of any other its kind."""
    if type(error).__module__.startswith("stedi_assets."):
        return str(error)
    return f"{type(error).__name__}; its words are left out, as they may quote data"


def _carry_out(
    order: Order,
    build: Callable[[Lakehouse], Sequence[Built]],
    report: JobReport,
    tell: Callable[[str], object],
) -> None:
    spark = SparkSession.builder.getOrCreate()
    opened = open_lakehouse(
        order.settings, order.policy, spark, lambda: boto3.client("s3"), order.landing, order.expect, tell, order.full
    )
    with opened as lakehouse:
        with lakehouse.tables.naming_damage():
            built = build(lakehouse)
        tell(named(built))
        try:
            refuse_unsound(lakehouse, built)
        except NotPublishedError as error:
            report.refused = list(error.told)
            raise
        previews = [preview(lakehouse, table) for table in built]  # before the first is published: an engine may fail
        for table, shown in zip(built, previews, strict=True):
            report.publications.append(_publish(lakehouse, table, shown, order.run_id, tell))


def _publish(lakehouse: Lakehouse, table: Built, shown: str, run_id: str, tell: Callable[[str], object]) -> Publication:
    if not isinstance(table, Audited):
        return Publication(table.contract.table, table.published, shown, table.verdicts, is_new=False)
    published = lakehouse.tables.publish(table.staged, run_id, lakehouse.facts(table.contract))
    if lakehouse.full:
        for damage in repair_history(lakehouse, table.contract, int(time.time() * 1000)):
            tell(f"{damage}: that snapshot was removed from the table's history")
    tell(f"published {published.table}: {published.rows:,} rows, snapshot {published.snapshot_id}")
    return Publication(table.contract.table, published, shown, table.verdicts)


@contextmanager
def _dagster(order: Order) -> Iterator[tuple[Sink | None, Callable[[str], object]]]:
    """Where to report and to log to: Dagster, if it started this job, else the job's own log alone."""
    told = PipesCliArgsParamsLoader()  # type: ignore[no-untyped-call]
    if not told.is_dagster_pipes_process():
        yield None, log.info
        return
    s3 = boto3.client("s3", region_name=order.settings.region or None)
    writer = PipesS3MessageWriter(client=s3, interval=MESSAGE_SECONDS)
    with open_dagster_pipes(
        context_loader=PipesS3ContextLoader(client=s3), message_writer=writer, params_loader=told
    ) as pipes:
        yield pipes, pipes.log.info
