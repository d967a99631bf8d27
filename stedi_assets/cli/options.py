"""Options that several commands have.

Only these; everything below the command line asks the environment, which they set.
"""

import os
from pathlib import Path

import click

from stedi_assets.settings import expand

READABLE_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITABLE_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


def _use_home(_context: click.Context, _parameter: click.Parameter, home: Path | None) -> Path | None:
    if home is not None:
        os.environ["STEDI_HOME"] = str(expand(home, "--home").resolve())
    return home


def _use_engine(_context: click.Context, _parameter: click.Parameter, engine: str | None) -> str | None:
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
replace_demo_option = click.option(
    "--replace-demo", is_flag=True, help="Remove the demo set, which must not mix with real data."
)
home_option = click.option(
    "--home",
    type=click.Path(path_type=Path),
    callback=_use_home,
    expose_value=False,
    is_eager=True,
    help="Folder that keeps everything (default: STEDI_HOME, else .stedi).",
)
