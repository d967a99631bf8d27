"""Take over the index of a home from before SQLite: weed kept it in a folder of LevelDB files."""

import logging
import shutil

from stedi_assets.lakehouse.services import shell
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.index import count_entries, remove_index, write_configuration
from stedi_assets.lakehouse.services.isolated import isolated_server, when_ready

_log = logging.getLogger(__name__)


def migrate_index(home: Home) -> None:
    """Copy every entry of a LevelDB index to SQLite, then delete it. Hold the home's lock; the server must not run.

    A migration that is cut off begins again at the next start.

    Raises:
        ServicesError: The entries could not be copied, or not all of them; the old index is as it was.
    """
    if not home.leveldb.exists():
        return
    with home.writing():
        remove_index(home)
        home.index_configuration.unlink(missing_ok=True)
    with isolated_server(home) as server:
        saved = when_ready(home, server, lambda: shell.save_index(home, server.ports))
    write_configuration(home)
    with isolated_server(home) as server:
        when_ready(home, server, lambda: shell.load_index(home, server.ports))
    loaded = count_entries(home)
    if loaded < saved:
        raise ServicesError(
            f"expected {saved:,} entries in the new index of the store in {home.store}, found {loaded:,}; "
            f"the old index is as it was: see {home.recovery_log}, and try again"
        )
    with home.writing():
        shutil.rmtree(home.leveldb)
        (home.store / shell.SAVED_INDEX).unlink()
    _log.warning("stedi: the index of the store in %s is kept in SQLite from now on, %s entries", home.store, loaded)
