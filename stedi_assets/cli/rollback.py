"""`stedi rollback TABLE`: an older version of a table becomes the current one, and Dagster is told.

Here: the order of that, and what is said. Not here: the rollback itself (`building.rollback`).
"""

import time
from typing import TYPE_CHECKING

from stedi_assets.cli.errors import UsageError
from stedi_assets.cli.terminal import print_line
from stedi_assets.contracts import Contract, contract_of
from stedi_assets.lakehouse.connection import start
from stedi_assets.lakehouse.engines import refuse_missing, session_on
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.lakehouse.store import Store
from stedi_assets.policy import policy_of
from stedi_assets.settings import GLUE, Settings

if TYPE_CHECKING:
    from dagster import AssetObservation

    from stedi_assets.building.rollback import RolledBack
    from stedi_assets.cli.progress import Progress

_NOT_BY_GLUE = (
    "no Glue job asks an older version who has withdrawn: use an engine here, embedded or spark (STEDI_ENGINE), with a "
    "role that may read all"
)


def roll_back_table(name: str, snapshot_id: int | None) -> int:
    """Makes the version current: 0 when done, 1 if it was refused. Raises the errors of `errors`."""
    settings, contract = Settings.load(), contract_of(name)
    if settings.engine == GLUE:
        raise UsageError(_NOT_BY_GLUE)
    refuse_missing(settings)
    starting = start(settings)  # the services come up while Python imports
    from stedi_assets.building.rollback import ConsentRefusedError, NoSuchVersionError
    from stedi_assets.cli.dagster_home import dagster_instance
    from stedi_assets.cli.progress import Progress
    from stedi_assets.lakehouse.publication import PublicationRefusedError

    with Progress() as progress:
        store = starting.wait()
        with home_lock(settings, progress.say):
            try:
                done = _roll_back(settings, store, contract, snapshot_id, progress)
            except NoSuchVersionError as error:
                raise UsageError(str(error)) from None
            except (ConsentRefusedError, PublicationRefusedError) as error:
                print_line(f"REFUSED  {error}")
                return 1
            with dagster_instance(settings.home) as instance:
                instance.report_runless_asset_event(observation(contract, done))
    print_line(
        f"{name}: rolled back from {done.before.snapshot_id} to {done.after.snapshot_id}, {done.after.rows:,} rows"
    )
    print_line("tables that are computed from it are as they were: stedi run builds all of them anew from what landed")
    return 0


def observation(contract: Contract, done: "RolledBack") -> "AssetObservation":
    """What Dagster is told. Not a materialization: the checks before it hold still, and are of other rows."""
    from dagster import AssetObservation

    from stedi_assets.assets.metadata import key_of

    return AssetObservation(
        key_of(contract),
        description=f"rolled back to snapshot {done.after.snapshot_id}",
        metadata={
            "dagster/row_count": done.after.rows,
            "stedi/snapshot_id": str(done.after.snapshot_id),
            "stedi/rolled_back_from": str(done.before.snapshot_id),
        },
    )


def _roll_back(
    settings: Settings, store: Store, contract: Contract, snapshot_id: int | None, progress: "Progress"
) -> "RolledBack":
    import boto3

    from stedi_assets.building.rollback import roll_back, version_to
    from stedi_assets.lakehouse.catalog import open_catalog, published_table
    from stedi_assets.lakehouse.engines.errors import losing
    from stedi_assets.lakehouse.lakehouse import open_lakehouse

    # What is not there to go back to is said before an engine is started.
    version = version_to(published_table(open_catalog(store), contract), contract, snapshot_id)
    progress.say(f"asking who in snapshot {version.snapshot_id} has withdrawn or was erased since")
    policy = policy_of(settings, int(time.time() * 1000))
    with losing(settings.engine):
        session = session_on(settings, store)
        opened = open_lakehouse(settings, policy, session, lambda: boto3.client("s3"), tell=progress.say)
        with opened as lakehouse, lakehouse.tables.naming_damage():
            return roll_back(lakehouse, contract, version.snapshot_id)
