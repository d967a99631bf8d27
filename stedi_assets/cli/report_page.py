"""`stedi report`: what is published, as one page for people.

Here: asking the catalog and writing the file. Not here: what is on the page (`insight`), what came of a run (`report`).
"""

import time
from pathlib import Path

from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.terminal import print_line
from stedi_assets.settings import Settings


def write_page(file: Path) -> None:
    """Writes the page, over whatever the file was. Raises UsageError, NeverPublishedError."""
    if not file.parent.is_dir():
        raise UsageError(f"--out {file}: {file.parent} is no folder; name a file in one that exists")
    from stedi_assets.insight.facts import collect
    from stedi_assets.insight.page import page
    from stedi_assets.lakehouse.catalog import open_catalog
    from stedi_assets.lakehouse.connection import connect

    facts = collect(open_catalog(connect(Settings.load())), int(time.time() * 1000))
    file.write_text(page(facts), encoding="utf-8")
    print_line(
        f"{file}: {len(facts.tables)} tables, {facts.passed} of {facts.checks} checks hold, "
        f"{len(facts.warnings)} to look at"
    )
