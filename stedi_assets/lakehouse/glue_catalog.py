"""The client of the Glue Data Catalog.

Only how often it is told of a change: once, and what became of it is `committing`'s to find out. Not here: which
catalog is opened (`catalog`), what is in it.
"""

from typing import Any

from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import TableRequirement, TableUpdate

from stedi_assets.lakehouse.committing import settled

_FROM_SERVER_ERRORS_ON = 500


class ToldOnceCatalog(GlueCatalog):
    """PyIceberg's client, which repeats no change.

    Glue takes an update for one version of a table. By itself botocore repeats an update whose answer was lost; then
    Glue, which has made it, answers that someone else was first, and PyIceberg deletes what was published.
    """

    def __init__(self, name: str, **properties: str) -> None:
        super().__init__(name, **properties)
        self.glue.meta.events.register_first("needs-retry.glue.UpdateTable", _not_again)

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """Raises CommitFailedException for a change that surely was not made, CommitUnknownError."""
        tell = super().commit_table
        name = table.name()
        return settled(name[-1], updates, lambda: tell(table, requirements, updates), lambda: self.load_table(name))


def _not_again(
    response: Any = None, caught_exception: Exception | None = None, operation: Any = None, **_: Any
) -> None:
    """Raises what botocore would hide by a repeat: by an answer, its hook can say no only in the newest version, which
    Glue's own jobs may not have. What Glue itself has refused (too many requests, say) may be repeated.
    """
    if caught_exception is not None:
        raise caught_exception
    if response is not None and response[0].status_code >= _FROM_SERVER_ERRORS_ON:
        raise ClientError(response[1], operation.name)
