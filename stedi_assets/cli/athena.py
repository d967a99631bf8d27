"""`stedi athena`: what is done in Athena from here.

Only what is said on the terminal; the statements and their sending are `aws.athena`.
"""

from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.terminal import print_line
from stedi_assets.lakehouse.store import LANDING_FOLDER, Store
from stedi_assets.settings import AWS, Settings


def create_raw_tables(workgroup: str, only_print: bool) -> None:
    """Creates the tables over the raw JSON, or prints how. Raises UsageError, AthenaRefusedError."""
    from stedi_assets.aws.athena import raw_table_statements, run

    settings = Settings.load()
    if settings.env != AWS:
        raise UsageError(
            f"STEDI_ENV is {settings.env!r}: Athena is on AWS; set STEDI_ENV=aws, STEDI_BUCKET and STEDI_REGION "
            "(and STEDI_PREFIX, where the lakehouse does not have the whole bucket)"
        )
    store = Store(settings.bucket, settings.region, settings.prefix)
    statements = raw_table_statements(store.uri(LANDING_FOLDER))
    if only_print:
        for line in "\n\n".join(f"{statement};" for statement in statements).split("\n"):
            print_line(line)
        return
    for done in run(settings, workgroup, statements):
        print_line(f"done: {done}")
