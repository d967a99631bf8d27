"""The client of the home's own catalog, which speaks Iceberg's REST protocol.

Only how often and how long it is asked: what is looked up, up to four times; a change once, and what became of it is
`committing`'s to find out. Not here: which catalog is opened (`catalog`), what is in it.
"""

from typing import Any

from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import TableRequirement, TableUpdate
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError
from urllib3 import Retry

from stedi_assets.lakehouse.committing import settled

TRIES = 4
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
_LOOKING = ("GET", "HEAD")
# A connection that was not made told nobody anything: that alone is tried again for changes, too.
_RETRIES = Retry(
    total=TRIES - 1,
    backoff_factor=0.25,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=_LOOKING,
    raise_on_status=False,
    respect_retry_after_header=False,
)


class HomeCatalog(RestCatalog):
    """PyIceberg's client, with time-outs and bounded repeats."""

    def _create_session(self) -> Session:
        session = super()._create_session()
        session.mount(self.uri, _Patient(session.get_adapter(self.uri)))
        return session

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """Raises CommitFailedException for a change that surely was not made, CommitUnknownError."""
        tell = super().commit_table
        name = table.name()
        return settled(name[-1], updates, lambda: tell(table, requirements, updates), lambda: self.load_table(name))


class _Patient(BaseAdapter):
    """Asks by the adapter that signs the requests. Of what is looked up the answer is read here: urllib3 repeats a
    request only as long as no answer has begun."""

    def __init__(self, signing: BaseAdapter) -> None:
        super().__init__()
        self._signing = signing
        if isinstance(signing, HTTPAdapter):
            signing.max_retries = _RETRIES

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        patience = timeout or (CONNECT_SECONDS, READ_SECONDS)
        for left in reversed(range(TRIES if request.method in _LOOKING else 1)):
            answer = self._signing.send(request, stream, patience, verify, cert, proxies)
            try:
                answer.content  # noqa: B018 - read, and kept in the answer
            except (ChunkedEncodingError, ConnectionError):
                if not left:
                    raise
            else:
                return answer
        raise AssertionError("unreachable: the last try returns or raises")

    def close(self) -> None:
        self._signing.close()
