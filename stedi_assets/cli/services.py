"""`stedi down` and `stedi restore-index`: stop the embedded services, put the index of their store back."""

import time

from stedi_assets.cli.terminal import print_line
from stedi_assets.lakehouse.services import restore_index, stop
from stedi_assets.lakehouse.services.home import Home
from stedi_assets.settings import Settings


def stop_services() -> None:
    """Stop the services of the home. Raises ServicesError."""
    home = Settings.load().home
    print_line(f"stopped the services of {home}" if stop(home) else f"no services were running in {home}")


def restore_store_index() -> None:
    """Put the copy of the index back and print its age. Raises ServicesError."""
    home = Home(Settings.load().home)
    restore_index(home.folder)
    copied = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(home.index_copy.stat().st_mtime))
    print_line(f"the store of {home.folder} has the index of {copied}; deliver again what was delivered since then")
