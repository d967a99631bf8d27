"""The command line: commands and their options.

Here: declarations. How a command ends is `ending`. What it does stands in the module of its name, imported only when
it runs: `stedi --help` starts at once.
"""

import sys
from pathlib import Path

import click

from stedi_assets.cli.options import READABLE_FILE, WRITABLE_FILE, engine_option, home_option
from stedi_assets.cli.table_names import TableName, TableNames, TableSnapshot


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
@click.option("--quiet", is_flag=True, help="Print nothing but failures.")
@click.option("--full", is_flag=True, help="Build and publish every table again, whatever is new or damaged.")
@click.option("--select", "selected", multiple=True, type=TableNames(), metavar="TABLE...", help="Build these only.")
@click.argument("more_selected", nargs=-1, type=TableNames(), metavar="")
@engine_option
@home_option
def run(
    landing: str | None,
    expect: str | None,
    consent: str | None,
    serials: str | None,
    json_file: Path | None,
    quiet: bool,
    selected: tuple[str, ...],
    full: bool,
    more_selected: tuple[str, ...],
) -> None:
    """Build, audit and publish what is new (data/ if nothing else was brought)."""
    if more_selected and not selected:
        raise click.UsageError(f"unexpected: {' '.join(more_selected)}; tables are named after --select")
    from stedi_assets.cli.run import run_lakehouse

    names = [*selected, *more_selected]
    sys.exit(run_lakehouse(landing, expect, (consent, serials), json_file, names, full=full, quiet=quiet))


@stedi.command()
@click.option(
    "--port", default=3000, type=click.IntRange(1, 65535), show_default=True, help="Port of the UI, on 127.0.0.1."
)
@click.option("--read-only", is_flag=True, help="Show everything; nothing can be started, changed or deleted there.")
@click.option("--behind", metavar="USER@HOST", help="A reverse proxy with a login: whose it is, its name in browsers.")
@home_option
def dev(port: int, read_only: bool, behind: str | None) -> None:
    """Serve the Dagster UI and the embedded services together, until Ctrl-C."""
    from stedi_assets.cli.dev import serve

    sys.exit(serve(port, is_read_only=read_only, behind=behind))


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
@click.option("--as-of", type=TableSnapshot(), multiple=True, metavar="TABLE=SNAPSHOT", help="As it was; repeatable.")
@home_option
def query(sql: str | None, file: Path | None, style: str, as_of: tuple[tuple[str, int], ...]) -> None:
    """Ask the published tables, by their names, in SQL (read only)."""
    if (sql is None) == (file is None):
        raise click.UsageError("expected SQL, or --file FILE with it")
    from stedi_assets.cli.query import answer, text_of

    answer(text_of(file) if file else sql or "", style, as_of)


@stedi.command()
@click.option("--out", "file", required=True, type=WRITABLE_FILE, metavar="FILE", help="The HTML file to write.")
@home_option
def report(file: Path) -> None:
    """Write one HTML page of what is published: funnel, consent, quarantine, checks, plots."""
    from stedi_assets.cli.report_page import write_page

    write_page(file)


@stedi.command()
@click.option("--scale", default=1, show_default=True, type=click.IntRange(min=1), help="Copies of the base set.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
def generate(scale: int, out: Path) -> None:
    """Make a synthetic data set of any size, in the shape of the real one."""
    from stedi_assets.cli.errors import UsageError
    from stedi_assets.cli.terminal import print_line
    from stedi_assets.synthetic import generate as make

    try:
        written = make(out, scale)
    except (ValueError, FileExistsError) as error:
        raise UsageError(str(error)) from None
    print_line(f"{out}: " + ", ".join(f"{count:,} {source}" for source, count in written.items()))


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


@stedi.command()
@click.option("--json", "json_file", type=WRITABLE_FILE, help="Write what was done to this file.")
@engine_option
@home_option
def upkeep(json_file: Path | None) -> None:
    """Compact small files, expire old versions and branches, delete orphans (every night, while `stedi dev` runs)."""
    from stedi_assets.cli.upkeep import look_after

    sys.exit(look_after(json_file))


@stedi.command()
@click.option("--json", "json_file", type=WRITABLE_FILE, help="Write the list to this file.")
@home_option
def tables(json_file: Path | None) -> None:
    """List the tables: rows, snapshot, age, checks, size."""
    from stedi_assets.cli.tables import list_tables

    list_tables(json_file)


@stedi.command()
@click.argument("table", type=TableName())
@click.option("--json", "json_file", type=WRITABLE_FILE, help="Write the list to this file.")
@home_option
def history(table: str, json_file: Path | None) -> None:
    """List the versions of a table that are kept, the newest first."""
    from stedi_assets.cli.history import list_versions

    list_versions(table, json_file)


@stedi.command()
@click.argument("table", type=TableName())
@click.option("--to", "snapshot", type=int, help="The snapshot to go back to (default: the one before).")
@engine_option
@home_option
def rollback(table: str, snapshot: int | None) -> None:
    """Make an older version of a table the current one, if nobody in it has withdrawn or was erased since."""
    from stedi_assets.cli.rollback import roll_back_table

    sys.exit(roll_back_table(table, snapshot))


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
    from stedi_assets.cli.terminal import print_line
    from stedi_assets.lakehouse.services import stop
    from stedi_assets.settings import Settings

    home = Settings.load().home
    print_line(f"stopped the services of {home}" if stop(home) else f"no services were running in {home}")


@stedi.command()
@click.option("--json", "json_file", type=WRITABLE_FILE, help="Write what was found to this file, too.")
@engine_option
@home_option
def doctor(json_file: Path | None) -> None:
    """Tell what is installed, running and reachable, and what to do about what is not; start and change nothing."""
    from stedi_assets.cli.doctor import tell

    sys.exit(tell(json_file))


@stedi.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script by which a shell completes commands, options and names of tables."""
    from click.shell_completion import get_completion_class

    from stedi_assets.cli.ending import COMPLETE

    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(stedi, {}, "stedi", COMPLETE).source())


def main() -> None:
    """The command, with every failure that a user can do something about as one sentence and no traceback."""
    from stedi_assets.cli.ending import carry_out

    sys.exit(carry_out(stedi))


if __name__ == "__main__":
    main()
