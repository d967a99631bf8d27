"""What one run works with: the tables, the landing zone, the policy, the keys.

Here: putting these together for the length of a run. Not here: what any of them does, and Dagster
(`resource` gives a run's lakehouse to its assets; `stedi_assets.glue_jobs` opens one without it).
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stedi_assets.contracts import Contract
from stedi_assets.expectations import read_expectations
from stedi_assets.keys import Keys, fingerprint, keys_of
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.engines.errors import name_of
from stedi_assets.lakehouse.held import Held, holding
from stedi_assets.lakehouse.publication import ENGINE, LANDING, PSEUDONYM_KEY
from stedi_assets.lakehouse.store import LANDING_FOLDER, STAGING_FOLDER, Store
from stedi_assets.landing.zone import Zone
from stedi_assets.policy import Policy
from stedi_assets.settings import EMBEDDED, LOCAL, Settings

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

    def facts(self, contract: Contract) -> dict[str, str]:
        """What is kept with a publication: policy, engine, where the data came from, which key made its ids."""
        facts = {**self.policy.facts, LANDING: self.zone.uri, ENGINE: name_of(self.settings.engine)}
        if contract.subject_column:
            facts[PSEUDONYM_KEY] = fingerprint(self.keys.pseudonym())
        return facts

    def fill_empty_zone(self) -> None:
        """Copies data/ to the home's zone where that is empty. A zone of the user's own or on AWS is left as it is."""
        if self.settings.env == LOCAL and not self.landing and self.zone.fill(self.settings.data):
            self.tell(f"the landing zone was empty: filled from {self.settings.data}")

    def vacuum(self) -> None:
        """Takes what was deleted out of the home's store's own files; on AWS the bucket's rules do.

        Raises ServicesError.
        """
        if self.store.services is not None:
            from stedi_assets.lakehouse.services import vacuum

            vacuum(self.settings.home)


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
    tables = Tables(open_catalog(store), spark, client, settings.retention_days, staging=beside, rebuild=full)
    registry = registry_of(settings, store, client)
    try:
        with holding(spark, client, staging) as held:
            yield Lakehouse(settings, store, policy, spark, client, tables, registry, held, landing, expect, tell, full)
    finally:
        tables.discard_unpublished()
