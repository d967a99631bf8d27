"""The command line: commands, their options, and how failures are said.

Here: declarations and exit statuses. What a command does stands in the module of its name, imported only when it
runs: `stedi --help` starts at once.
"""

import os
import sys
from pathlib import Path

import click

READABLE_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITABLE_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


def _use_home(_context: click.Context, _parameter: click.Parameter, home: Path | None) -> Path | None:
    """Everything below the command line asks the environment for the home."""
    if home is not None:
        os.environ["STEDI_HOME"] = str(home.expanduser().resolve())
    return home


def _use_engine(_context: click.Context, _parameter: click.Parameter, engine: str | None) -> str | None:
    """As for the home."""
    if engine is not None:
        if ";" in engine:
            raise click.UsageError("arguments are seen by others: an address with parameters belongs into STEDI_ENGINE")
        os.environ["STEDI_ENGINE"] = engine
    return engine


engine_option = click.option(
    "--engine",
    metavar="embedded|spark|sc://HOST:PORT|glue",
    callback=_use_engine,
    expose_value=False,
    is_eager=True,
    help="What computes: this process, Apache Spark here, a Spark Connect endpoint, Glue jobs (default: STEDI_ENGINE).",
)
home_option = click.option(
    "--home",
    type=click.Path(path_type=Path),
    callback=_use_home,
    expose_value=False,
    is_eager=True,
    help="Folder that keeps everything (default: STEDI_HOME, else .stedi).",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stedi-lakehouse")
def stedi() -> None:
    """The STEDI lakehouse: from raw JSON to a training table, with only the data of those who agreed to research."""


@stedi.command()
@click.option("--landing", metavar="PATH|s3://URI", help="Your own data: a folder, mirrored, or a bucket prefix.")
@click.option("--expect", metavar="reference|none|FILE", help="Expected rows: the published counts, none, or a file.")
@click.option("--consent", type=click.Choice(["published", "at-reading"]), help="Which readings consent covers.")
@click.option("--serials", type=click.Choice(["published", "unambiguous"]), help="What becomes of shared serials.")
@click.option("--json", "json_file", type=WRITABLE_FILE, help="Write the run's report to this file.")
@click.option("--select", "selected", multiple=True, metavar="TABLE...", help="Build these tables only.")
@click.option("--full", is_flag=True, help="Build and publish every table anew, also where nothing is new.")
@click.argument("more_selected", nargs=-1, metavar="")
@engine_option
@home_option
def run(
    landing: str | None,
    expect: str | None,
    consent: str | None,
    serials: str | None,
    json_file: Path | None,
    selected: tuple[str, ...],
    full: bool,
    more_selected: tuple[str, ...],
) -> None:
    """Build, audit and publish what is new (data/ if nothing else was brought)."""
    if more_selected and not selected:
        raise click.UsageError(f"unexpected: {' '.join(more_selected)}; tables are named after --select")
    from stedi_assets.cli.run import run_lakehouse

    sys.exit(run_lakehouse(landing, expect, (consent, serials), json_file, [*selected, *more_selected], full))


@stedi.command()
@click.option(
    "--port", default=3000, type=click.IntRange(1, 65535), show_default=True, help="Port of the UI, on 127.0.0.1."
)
@home_option
def dev(port: int) -> None:
    """Serve the Dagster UI and the embedded services together, until Ctrl-C."""
    from stedi_assets.cli.dev import serve

    sys.exit(serve(port))


@stedi.command()
@click.argument("source", metavar="SOURCE")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--id", "name", default="", metavar="ID", help="The delivery's name (default: it follows from the files)."
)
@home_option
def deliver(source: str, paths: tuple[Path, ...], name: str) -> None:
    """Add files, or folders of files, to the landing zone of customer, accelerometer or step_trainer."""
    from stedi_assets.cli.deliver import deliver_files

    deliver_files(source, paths, name)


@stedi.command()
@click.argument("sql", required=False)
@click.option("--file", "file", type=READABLE_FILE, help="Read the SQL from this file instead.")
@click.option("--format", "style", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@home_option
def query(sql: str | None, file: Path | None, style: str) -> None:
    """Ask the published tables, by their names, in SQL (read only)."""
    if (sql is None) == (file is None):
        raise click.UsageError("expected SQL, or --file FILE with it")
    from stedi_assets.cli.query import answer, text_of

    answer(text_of(file) if file else sql or "", style)


@stedi.command()
@click.option("--scale", default=1, show_default=True, type=click.IntRange(min=1), help="Copies of the base set.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
def generate(scale: int, out: Path) -> None:
    """Make a synthetic data set of any size, in the shape of the real one."""
    from stedi_assets.cli.errors import UsageError
    from stedi_assets.synthetic import generate as make

    try:
        written = make(out, scale)
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from None
    click.echo(f"{out}: " + ", ".join(f"{count:,} {source}" for source, count in written.items()))


@stedi.command()
@click.argument("email", required=False)
@click.option("--withdrawn", is_flag=True, help="Everyone in a trusted or curated table who no longer agrees.")
@click.option("--landing", metavar="s3://URI", help="The bucket prefix that the data came from, if another than last.")
@click.option("--rewrite-landing", is_flag=True, help="Also rewrite objects of a bucket prefix of your own.")
@click.option("--json", "json_file", type=WRITABLE_FILE, help="Write the receipt to this file.")
@engine_option
@home_option
def forget(
    email: str | None, withdrawn: bool, landing: str | None, rewrite_landing: bool, json_file: Path | None
) -> None:
    """Erase a customer (EMAIL, or - to read it from standard input) from every table, its history and the store."""
    if (email is None) != withdrawn:
        raise click.UsageError("expected EMAIL, or - to read it from standard input, or --withdrawn")
    if email == "-":
        email = sys.stdin.readline()
    from stedi_assets.cli.forget import forget_customers

    sys.exit(forget_customers(email, landing, rewrite_landing, json_file))


@stedi.group()
def athena() -> None:
    """Work in Athena (STEDI_ENV=aws)."""


@athena.command()
@click.option("--workgroup", default="stedi", show_default=True, help="The workgroup that runs the statements.")
@click.option("--print", "only_print", is_flag=True, help="Print the statements, with the place of the data; run none.")
def ddl(workgroup: str, only_print: bool) -> None:
    """Create the external tables over the raw JSON, in the database stedi_raw."""
    from stedi_assets.cli.athena import create_raw_tables

    create_raw_tables(workgroup, only_print)


@stedi.command()
@home_option
def down() -> None:
    """Stop the embedded services of this home (the data stays)."""
    from stedi_assets.lakehouse.services import stop
    from stedi_assets.settings import Settings

    home = Settings.load().home
    click.echo(f"stopped the services of {home}" if stop(home) else f"no services were running in {home}")


def main() -> None:
    """The command, with every failure that a user can do something about as one sentence and no traceback."""
    from stedi_assets.cli.errors import sentence_of, status_of

    try:
        stedi()
    except Exception as error:
        sentence, status = sentence_of(error), status_of(error)
        if sentence is None:
            raise
        click.echo(f"stedi: {sentence}", err=True)
        sys.exit(status)


if __name__ == "__main__":
    main()
