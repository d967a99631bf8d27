"""`stedi run`: bring the data, run the job, say what came of it.

Here: the order of these. Not here: the job itself (`jobs`, `assets`), what is told of it (`report`, `progress`).
"""

import gc
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.errors import UsageError, refuse_without_folder
from stedi_assets.cli.job import execute
from stedi_assets.contracts import CONTRACTS
from stedi_assets.expectations import read_expectations
from stedi_assets.keys import keys_of
from stedi_assets.lakehouse.connection import start
from stedi_assets.lakehouse.engines import refuse_missing
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.lakehouse.store import Store
from stedi_assets.landing.zone import Zone
from stedi_assets.policy import Policy, policy_of
from stedi_assets.settings import EMBEDDED, GLUE, Settings

if TYPE_CHECKING:
    from dagster import AssetKey

    from stedi_assets.cli.report import Report


def run_lakehouse(
    landing: str | None,
    expect: str | None,
    policies: tuple[str | None, str | None],
    json_file: Path | None,
    selected: Sequence[str],
    *,
    full: bool = False,
    quiet: bool = False,
) -> int:
    """Runs the job on the landing zone: 0 if everything was published, 1 if not. Raises the errors of `errors`.

    `policies`: of consent and of serials, None for what the settings say. `full`: every table is built anew. `quiet`:
    only failures are told.
    """
    settings = Settings.load()
    policy = policy_of(settings, int(time.time() * 1000), policies[0] or "", policies[1] or "")
    refuse_missing(settings)  # an engine that is not there is refused before anything is begun
    if settings.engine != GLUE:  # there the job alone may read it
        keys_of(settings).pseudonym()  # so is a key that is no use
    selection = _selection(selected)
    if landing is not None and selection is not None and not any(key.path[0] == "landing" for key in selection):
        raise UsageError("--landing brings new data, --select leaves the landing tables out; name one of these too")
    if expect is not None:
        read_expectations(expect)
    refuse_without_folder(json_file)
    starting = start(settings)  # the services come up while Python imports
    from stedi_assets.cli.progress import Progress

    with Progress(quiet) as progress:
        progress.say("starting")
        import_heavy_modules()
        store = starting.wait()
        with home_lock(settings, progress.say):
            zone = _bring(landing, settings, store, progress)
            expected = expect or ("reference" if landing is None and zone.is_copy_of(settings.data) else "none")
            report = _execute(settings, landing, expected, policy, selection, full, progress)
    report.print(quiet)
    if json_file is not None:
        report.write_json(json_file)
    return 0 if report.success else 1


def import_heavy_modules() -> None:
    """What the run needs anyway, imported while the services start."""
    # Python looks for garbage whenever enough objects were made, and importing makes nothing but what stays.
    gc.disable()
    try:
        import stedi_assets.definitions

        if Settings.load().engine == EMBEDDED:
            import pysail.spark  # noqa: F401

            import stedi_assets.lakehouse.engines.embedded
            import stedi_assets.lakehouse.rest_catalog
            import stedi_assets.lakehouse.tables  # noqa: F401
    finally:
        gc.freeze()
        # What a run makes stays until it ends, mostly: looked through after every 700 objects it costs a hundredth.
        gc.set_threshold(20_000)
        gc.enable()


def _selection(selected: Sequence[str]) -> "list[AssetKey] | None":
    """The asset keys of the tables named; the landing tables only come together. Raises UsageError."""
    names = {name for part in selected for name in part.split(",") if name}
    if not names:
        return None
    if unknown := sorted(names - {contract.table for contract in CONTRACTS}):
        known = ", ".join(contract.table for contract in CONTRACTS)
        raise UsageError(f"--select: no such table: {', '.join(unknown)}; known: {known}")
    landing = {contract.table for contract in CONTRACTS if contract.zone == "landing"}
    names |= landing if names & landing else set()
    from stedi_assets.assets.metadata import key_of

    return [key_of(contract) for contract in CONTRACTS if contract.table in names]


def _bring(landing: str | None, settings: Settings, store: Store, progress: Any) -> Zone:
    """The zone to read, filled. Raises LandingError before anything changes if there is nothing to read."""
    from stedi_assets.building.ingestion import unreadable_objects
    from stedi_assets.lakehouse.catalog import open_catalog
    from stedi_assets.lakehouse.client import store_client
    from stedi_assets.lakehouse.lakehouse import own_zone

    zone = own_zone(store, store_client(store.s3_url))  # made here, before the run, which needs it too
    if landing is not None and landing.startswith("s3:"):
        zone = Zone.of(landing, zone.s3)
    elif landing is not None:
        unreadable = unreadable_objects(open_catalog(store), zone.s3, store)
        written, removed = zone.mirror(Path(landing).expanduser(), unreadable=unreadable)
        progress.say(f"mirrored {landing}: {written} objects written, {removed} removed")
    elif not store.is_aws and (written := zone.fill(settings.data)):
        progress.say(f"the landing zone was empty: {written} objects copied from {settings.data}")
    zone.objects_to_ingest()
    return zone


def _execute(
    settings: Settings,
    landing: str | None,
    expect: str,
    policy: Policy,
    selection: "list[AssetKey] | None",
    full: bool,
    progress: Any,
) -> "Report":
    from stedi_assets.cli.dagster_home import dagster_instance
    from stedi_assets.cli.report import Report
    from stedi_assets.jobs import stedi_lakehouse
    from stedi_assets.lakehouse.engines.errors import name_of

    prefix = landing if landing is not None and landing.startswith("s3:") else ""
    lakehouse = {
        "landing": prefix,
        "expect": expect,
        "consent": policy.consent,
        "serials": policy.serials,
        "full": full,
    }
    config = {"resources": {"lakehouse": {"config": lakehouse}}}
    with dagster_instance(settings.home) as instance:
        result = execute(instance, stedi_lakehouse.name, config, selection, progress.on_event)
        return Report.of(
            instance,
            result.run_id,
            result.success,
            read_expectations(expect, policy.consent),
            policy,
            name_of(settings.engine),
        )
