"""Repair a home's store before clients can reach it: after an unclean end, and for an erasure.

Content that no object names is deleted here and nowhere else: an upload under way has such content, so it is only
safe while the server has no door for clients.
"""

import logging
import shutil

from stedi_assets.lakehouse.services import shell
from stedi_assets.lakehouse.services.endpoints import ServicesError
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.lakehouse.services.index import refuse_lost_index, write_configuration
from stedi_assets.lakehouse.services.index_migration import migrate_index
from stedi_assets.lakehouse.services.isolated import isolated_server, when_ready
from stedi_assets.lakehouse.services.server import Server
from stedi_assets.lakehouse.services.volume_repair import repair_volumes
from stedi_assets.lakehouse.services.volumes import files_of, mounted_volumes
from stedi_assets.settings import Settings

_log = logging.getLogger(__name__)


def recover(home: Home) -> None:
    """Repair the store of a home whose server does not run. Hold the home's lock.

    Raises:
        ServicesError: The store must not be started as it is.
    """
    migrate_index(home)
    write_configuration(home)
    is_unclean = home.running.exists()
    refuse_lost_index(home, thorough=is_unclean)
    repaired = repair_volumes(home)
    if repaired:
        _log.warning("stedi: files of the store in %s were torn and are repaired: %s", home.store, "; ".join(repaired))
    if is_unclean or repaired:
        try:
            delete_orphans(home)
        except ServicesError as error:
            _log.warning("stedi: content that no object names was left in the store: %s", error)


def delete_orphans(home: Home) -> None:
    """Delete the content that no object names, on a server that serves no client. Hold the home's lock.

    Raises:
        ServicesError: The content is a larger share of the store than the settings allow, or could not be deleted.
    """
    for left in home.store.glob("sw_fsck*"):  # names of objects, left by a shell that was killed
        shutil.rmtree(left)
    if not files_of(home):
        return
    with isolated_server(home) as server:
        volume_ids, orphans = when_ready(home, server, lambda: _find_orphans(home, server))
        most = Settings.load().max_orphan_share
        if orphans.share > most:
            raise ServicesError(
                f"expected at most {most:.0%} of the content in {home.store} to be of no object, found "
                f"{orphans.share:.0%} ({orphans.chunks:,} of {orphans.of:,} chunks), as where the index is lost; "
                "nothing was deleted: see that all objects are there, then allow more with STEDI_MAX_ORPHAN_SHARE"
            )
        if orphans.chunks:
            shell.delete_orphans(home, server.ports, volume_ids)


def _find_orphans(home: Home, server: Server) -> tuple[list[int], shell.Orphans]:
    volume_ids = list(mounted_volumes(home, server.ports))
    return volume_ids, shell.find_orphans(home, server.ports, volume_ids)
