"""What one run works with: the tables, the landing zone, the policy, the keys.

Here: putting these together for the length of a run. Not here: what any of them does, and Dagster
(`resource` gives a run's lakehouse to its assets; `stedi_assets.glue_jobs` opens one without it).
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stedi_assets.expectations import read_expectations
from stedi_assets.keys import Keys, fingerprint, keys_of
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.demo import adopt_demo, fill_new_home, refuse_demo
from stedi_assets.lakehouse.engines.errors import name_of
from stedi_assets.lakehouse.held import Held, holding
from stedi_assets.lakehouse.inventory import count_tables, record_inventory
from stedi_assets.lakehouse.publication import DEMO, ENGINE, LANDING, PSEUDONYM_KEY, Staged
from stedi_assets.lakehouse.store import LANDING_FOLDER, STAGING_FOLDER, Store
from stedi_assets.landing.zone import Zone
from stedi_assets.policy import Policy
from stedi_assets.settings import EMBEDDED, Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from stedi_assets.erasure.registry import Registry
    from stedi_assets.erasure.suppression import Suppression
    from stedi_assets.lakehouse.tables import Tables


def own_zone(store: Store, s3: Any) -> Zone:
    """The lakehouse's own landing zone."""
    return Zone(store.uri(LANDING_FOLDER), s3)


def registry_of(settings: Settings, store: Store, s3: Any) -> "Registry":
    """The lakehouse's requests to be forgotten."""
    from stedi_assets.erasure.registry import KEY, Registry

    return Registry(keys_of(settings), s3, store.bucket, store.key(KEY))


@dataclass
class Lakehouse:
    """The lakehouse as one run sees it.

    landing: s3://BUCKET/PREFIX that is read instead of its own landing zone; empty: its own.
    expect: expected rows, as `expectations` reads them, or `auto`: the reference set's if the zone holds data/.
    tell: takes what is going on, in words.
    held: keeps what several tables ask for until the run ends.
    full: whether every table is built anew, also one that is what it is to be.
    """

    settings: Settings
    store: Store
    policy: Policy
    spark: "SparkSession"
    s3: Any
    tables: "Tables"
    registry: "Registry"
    held: Held
    landing: str = ""
    expect: str = "auto"
    tell: Callable[[str], object] = print
    full: bool = False

    @cached_property
    def zone(self) -> Zone:
        """The landing zone that this run reads."""
        return Zone.of(self.landing, self.s3) if self.landing else self.own_zone

    @property
    def own_zone(self) -> Zone:
        return own_zone(self.store, self.s3)

    @property
    def staging(self) -> str:
        """Where a step may keep what it deletes before it ends."""
        return self.store.uri(STAGING_FOLDER)

    @property
    def keys(self) -> Keys:
        return self.registry.keys

    @cached_property
    def suppression(self) -> "Suppression":
        """Who was erased: what is theirs is dropped where it lands. Raises RegistryError."""
        return self.registry.suppression()

    @cached_property
    def pseudonym_key(self) -> "DataFrame":
        """The key to the training table's ids, as a one-row table. Raises SettingsError, KeyFileError."""
        from stedi_assets.transforms.pseudonyms import key_frame

        return key_frame(self.spark, self.keys.pseudonym())

    @cached_property
    def expectations(self) -> dict[str, int]:
        """Rows expected of this run, by table. Raises ExpectationsError."""
        given = self.expect
        if given == "auto":
            is_reference = not self.landing and self.zone.is_copy_of(self.settings.data)
            given = "reference" if is_reference else "none"
        return read_expectations(given, self.policy.consent)

    def holding(self) -> AbstractContextManager[Held]:
        """Keeps rows for less than the run."""
        return holding(self.spark, self.s3, self.staging)

    def once(self, key: Hashable, rows: "Callable[[], DataFrame]") -> "DataFrame":
        """Rows about customers that several tables ask for: kept by the embedded engine, which spares it the planning
        and the sorting; Apache Spark finds them again, to which a file costs more."""
        return self.held.once(key, rows) if self.settings.engine == EMBEDDED else rows()

    def facts(self, staged: Staged) -> dict[str, str]:
        """What is kept with a publication: policy, engine, where the data came from, which key made its ids."""
        facts = {**self.policy.facts, LANDING: self.zone.uri, ENGINE: name_of(self.settings.engine)}
        if staged.contract.subject_column:
            facts[PSEUDONYM_KEY] = fingerprint(self.keys.pseudonym())
        if self._is_demo(staged):
            facts[DEMO] = "true"
        return facts

    def _is_demo(self, staged: Staged) -> bool:
        """Check for rows of the demo set in a table: by the zone, or by the tables that it was computed from."""
        if staged.contract.zone == "landing":
            return self.zone.holds_demo
        return any(DEMO in published.summary for published in self.tables.read_by(staged))

    def prepare_zone(self) -> None:
        """Bring the demo set into the landing zone of a new home, and keep other data apart from it.

        Raises LandingError.
        """
        adopt_demo(self.settings, self.own_zone)
        if self.zone.uri != self.own_zone.uri:
            refuse_demo(self.own_zone)
        elif written := fill_new_home(self.settings, self.store, self.zone):
            self.tell(f"the landing zone was empty: {written} objects of the demo set from {self.settings.data}")

    def record_inventory(self) -> None:
        """Record what the home's store holds now. No run fails for want of that: the next one records it."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self.store.is_aws:
            return
        try:
            record_inventory(self.settings.home, count_tables(self.store, self.s3), len(self.own_zone.objects()))
        except (BotoCoreError, ClientError, OSError) as error:
            self.tell(f"the inventory of the home was not written ({type(error).__name__}); the next run writes it")

    def vacuum(self) -> None:
        """Take deleted content out of the files of the home's store; on AWS the rules of the bucket do.

        Raises ServicesError.
        """
        if self.store.services is not None:
            from stedi_assets.lakehouse.services import vacuum

            vacuum(self.settings.home)

    def clean_store(self) -> None:
        """Do the same also to content that no object names; the services may be restarted. Raises ServicesError."""
        clean_store(self.settings, self.store)

    def refuse_little_space(self) -> None:
        """Raise ServicesError where the disk of the home has no space to clean the files of its store."""
        if self.store.services is not None:
            from stedi_assets.lakehouse.services import refuse_little_space

            refuse_little_space(self.settings.home)


def clean_store(settings: Settings, store: Store) -> None:
    """Take all deleted content out of the files of a home's store, and deleted names out of the copy of its index.

    On AWS the rules of the bucket do. Raises ServicesError.
    """
    if store.services is not None:
        from stedi_assets.lakehouse.services import copy_index, vacuum_all

        vacuum_all(settings.home)
        copy_index(settings.home)


@contextmanager
def open_lakehouse(
    settings: Settings,
    policy: Policy,
    spark: "SparkSession",
    s3: Callable[[], Any],
    landing: str = "",
    expect: str = "auto",
    tell: Callable[[str], object] = print,
    full: bool = False,
) -> Iterator[Lakehouse]:
    """The lakehouse of a run; what it staged and did not publish is deleted at the end.

    `s3` makes the store's client. Raises ServicesError, StoreError, LandingError.
    """
    # Loading the definitions must stay quick: the catalog's client is imported when a run begins.
    from stedi_assets.lakehouse.catalog import open_catalog
    from stedi_assets.lakehouse.tables import Tables

    store = connect(settings)
    client = s3()
    # What the embedded store refuses to Apache Spark, no other store does.
    staging = store.uri(STAGING_FOLDER)
    beside = None if settings.engine == EMBEDDED or store.is_aws else staging
    tables = Tables(open_catalog(store), spark, client, settings.retention_days, staging=beside)
    registry = registry_of(settings, store, client)
    _complete_open_erasures(settings, store, registry, tell)
    try:
        with holding(spark, client, staging) as held:
            lakehouse = Lakehouse(
                settings, store, policy, spark, client, tables, registry, held, landing, expect, tell, full
            )
            yield lakehouse
        lakehouse.record_inventory()
    finally:
        tables.discard_unpublished()
        _copy_index(settings, store, tell)


def _complete_open_erasures(
    settings: Settings, store: Store, registry: "Registry", tell: Callable[[str], object]
) -> None:
    """Complete erasures that wait for the files of the store. A run goes on where that is not possible."""
    from stedi_assets.erasure.open_erasures import complete_open_erasures
    from stedi_assets.lakehouse.services import ServicesError

    try:
        complete_open_erasures(settings.home, registry, lambda: clean_store(settings, store))
    except ServicesError as error:
        tell(f"an erasure is not finished: {error}")


def _copy_index(settings: Settings, store: Store, tell: Callable[[str], object]) -> None:
    """Copy the index of a home's store, so that it can be put back as this run leaves it."""
    from stedi_assets.lakehouse.services import ServicesError, copy_index

    try:
        if store.services is not None:
            copy_index(settings.home)
    except ServicesError as error:
        tell(str(error))
