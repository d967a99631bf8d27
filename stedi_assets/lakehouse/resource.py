"""The lakehouse as a Dagster resource: what one run works with.

Here: putting together the home's lock, its services, the engine's session, the tables and the landing zone for the
length of a run. Not here: what any of them does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dagster import ConfigurableResource, InitResourceContext, ResourceDependency
from dagster_aws.s3 import S3Resource
from pydantic import Field, PrivateAttr

from stedi_assets.contracts import Contract
from stedi_assets.expectations import read_expectations
from stedi_assets.keys import fingerprint, pseudonym_key
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.engine import Engine
from stedi_assets.lakehouse.lock import home_lock
from stedi_assets.lakehouse.publication import LANDING, PSEUDONYM_KEY
from stedi_assets.lakehouse.services import Endpoints, vacuum
from stedi_assets.landing.zone import Zone
from stedi_assets.policy import Policy, policy_of
from stedi_assets.settings import EMBEDDED, Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from stedi_assets.erasure.registry import Registry
    from stedi_assets.erasure.suppression import Suppression
    from stedi_assets.lakehouse.tables import Tables


def home_zone(endpoints: Endpoints, s3: Any) -> Zone:
    """The home's own landing zone."""
    return Zone(f"s3://{endpoints.bucket}/landing", s3)


class Lakehouse(ConfigurableResource[Any]):
    """Tables, landing zone and facts of one run. While it is in use the run holds the home's lock."""

    engine: ResourceDependency[Engine]
    s3: ResourceDependency[S3Resource]
    landing: str = Field(default="", description="s3://BUCKET/PREFIX to read instead of the home's landing zone.")
    expect: str = Field(
        default="auto",
        description="Expected rows: reference, none, a JSON file, or auto (reference if the zone holds data/).",
    )
    consent: str = Field(
        default="", description="Consent policy: published or at-reading; empty: as STEDI_CONSENT says."
    )
    serials: str = Field(
        default="", description="Shared serials: published or unambiguous; empty: as STEDI_SERIALS says."
    )
    _run: dict[str, Any] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["Lakehouse"]:
        # Loading the definitions must stay quick: the catalog's client is imported when a run begins.
        from stedi_assets.erasure.registry import Registry
        from stedi_assets.lakehouse.catalog import open_catalog
        from stedi_assets.lakehouse.tables import Tables

        settings = Settings.load()
        policy = policy_of(settings, _started_ms(context), self.consent, self.serials)
        with home_lock(settings, context.log.info if context.log else print):
            endpoints = connect(settings)
            s3, staging = self.s3.get_client(), f"s3://{endpoints.bucket}/staging"
            self._run = {
                "settings": settings,
                "tables": Tables(
                    open_catalog(endpoints),
                    self.engine.spark_session,
                    s3,
                    settings.retention_days,
                    staging=None if settings.engine == EMBEDDED else staging,
                ),
                "zone": Zone.of(self.landing, s3) if self.landing else home_zone(endpoints, s3),
                "policy": policy,
                "s3": s3,
                "endpoints": endpoints,
                "registry": Registry(settings.home, s3, endpoints.bucket),
                "staging": staging,
            }
            try:
                yield self
            finally:
                self.tables.discard_unpublished()

    @property
    def settings(self) -> Settings:
        return self._run["settings"]  # type: ignore[no-any-return]

    @property
    def tables(self) -> "Tables":
        return self._run["tables"]  # type: ignore[no-any-return]

    @property
    def spark(self) -> "SparkSession":
        return self.engine.spark_session  # type: ignore[no-any-return]

    @property
    def policy(self) -> Policy:
        """What this run goes by: whose readings are used, and since when."""
        return self._run["policy"]  # type: ignore[no-any-return]

    @property
    def s3_client(self) -> Any:
        """The store's client."""
        return self._run["s3"]

    @property
    def endpoints(self) -> Endpoints:
        """Where the services of the home are."""
        return self._run["endpoints"]  # type: ignore[no-any-return]

    def vacuum(self) -> None:
        """Takes what was deleted out of the store's own files. Raises ServicesError."""
        vacuum(self.settings.home)

    @cached_property
    def suppression(self) -> "Suppression":
        """Who was erased: what is theirs is dropped where it lands. Raises RegistryError."""
        return self.registry.suppression()

    @property
    def registry(self) -> "Registry":
        """The requests to be forgotten, of this home."""
        return self._run["registry"]  # type: ignore[no-any-return]

    @cached_property
    def pseudonym_key(self) -> "DataFrame":
        """The key to the training table's ids, as a one-row table. Raises SettingsError, KeyFileError."""
        from stedi_assets.transforms.pseudonyms import key_frame

        return key_frame(self.spark, pseudonym_key(self.settings.home))

    def facts(self, contract: Contract) -> dict[str, str]:
        """What is kept with a publication: the policy, where the data came from, which key its ids are made with."""
        facts = {**self.policy.facts, LANDING: self.zone.uri}
        if contract.subject_column:
            facts[PSEUDONYM_KEY] = fingerprint(pseudonym_key(self.settings.home))
        return facts

    @property
    def staging(self) -> str:
        """Where a step may keep what it deletes before it ends."""
        return self._run["staging"]  # type: ignore[no-any-return]

    @property
    def zone(self) -> Zone:
        """The landing zone that this run reads."""
        return self._run["zone"]  # type: ignore[no-any-return]

    def fill_empty_zone(self) -> bool:
        """Copies data/ to the home's zone where that is empty. A zone of the user's own is left as it is."""
        return not self.landing and self.zone.fill(self.settings.data) > 0

    @cached_property
    def expectations(self) -> dict[str, int]:
        """Rows expected of this run, by table. Raises ExpectationsError."""
        given = self.expect
        if given == "auto":
            given = "reference" if not self.landing and self.zone.is_copy_of(self.settings.data) else "none"
        return read_expectations(given, self.policy.consent)


def _started_ms(context: InitResourceContext) -> int:
    import time

    run = context.run
    record = context.instance.get_run_record_by_id(run.run_id) if context.instance and run else None
    started = record.start_time if record and record.start_time else time.time()
    return int(started * 1000)
