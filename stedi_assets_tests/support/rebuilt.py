"""Every table as a full build makes it of what lies in a zone, in memory, and what a full audit says of it.

Here: the pure transforms one after another, from the landed objects on, and the checks on their rows. Nothing of the
product that decides what is built anew, stages or publishes: what it publishes is compared with this.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from stedi_assets.audits import Audit
from stedi_assets.audits.views import consent_views, rows_of_the_erased
from stedi_assets.building.table import POLICY, PSEUDONYM_KEY, tables_read_by
from stedi_assets.contracts import LANDING_QUARANTINE, SOURCES, Contract, contract_of
from stedi_assets.erasure.suppression import NOBODY
from stedi_assets.keys import keys_of
from stedi_assets.landing.zone import Zone
from stedi_assets.policy import Policy
from stedi_assets.settings import Settings
from stedi_assets.transforms import landing
from stedi_assets.transforms.accelerometer_trusted import accelerometer_trusted
from stedi_assets.transforms.customer_trusted import customer_trusted
from stedi_assets.transforms.customers_curated import customers_curated
from stedi_assets.transforms.machine_learning_curated import machine_learning_curated
from stedi_assets.transforms.pseudonyms import key_frame
from stedi_assets.transforms.step_trainer_trusted import step_trainer_trusted
from stedi_assets_tests.support.landed import rows_and_findings

TRANSFORMS: tuple[Callable[..., DataFrame], ...] = (
    customer_trusted,
    accelerometer_trusted,
    customers_curated,
    step_trainer_trusted,
    machine_learning_curated,
)
Rows = list[dict[str, Any]]


class Rebuilt:
    """The tables of a zone under a policy. Each is computed once, and held as rows: nothing is read twice."""

    def __init__(self, spark: SparkSession, zone: Zone, policy: Policy) -> None:
        self._spark, self._policy = spark, policy
        self._frames: dict[str, DataFrame] = {}
        self.rows: dict[str, Rows] = {}
        self._key = key_frame(spark, keys_of(Settings.load()).pseudonym())
        self._land(zone)
        for transform in TRANSFORMS:
            given = {name: self._frames[name] for name in tables_read_by(transform)}
            wanted = transform.__code__.co_varnames[: transform.__code__.co_argcount]
            given |= {name: self._key for name in (PSEUDONYM_KEY,) if name in wanted}
            policies = {name: policy for name in (POLICY,) if name in wanted}
            self._hold(contract_of(transform.__name__), transform(**given, **policies))

    def verdicts(self, contract: Contract) -> Mapping[str, tuple[int | None, int | None]]:
        """By check what it expects and finds: the audit of the whole table."""
        staged, customers = self._frames[contract.table], self._frames["customer_landing"]
        nothing = self._spark.createDataFrame([], "name string, n bigint")
        views = {**self._frames, **self._accounts, "staged": staged, "expectations": nothing}
        if contract.zone == "landing":
            views["rows_of_the_erased"] = rows_of_the_erased(contract, staged, NOBODY)
        else:
            views |= consent_views(contract, customers, self._policy, lambda: self._key)
        parameters = {**self._policy.sql_parameters, "max_quarantine_share": "1.0"}
        return {v.check: (v.expected, v.actual) for v in Audit(contract, views, parameters).verdicts()}

    def _land(self, zone: Zone) -> None:
        found: Rows = []
        for source, contract in SOURCES.items():
            rows, findings_of_source = rows_and_findings(self._spark, zone, source)
            self._hold(contract, self._spark.createDataFrame([tuple(row.values()) for row in rows], contract.ddl))
            found += findings_of_source
        findings = self._spark.createDataFrame([tuple(row.values()) for row in found], landing.FINDING)
        listed = zone.objects()
        self._hold(LANDING_QUARANTINE, landing.landing_quarantine(findings))
        self._accounts = {
            "quarantine": self._frames[LANDING_QUARANTINE.table],
            "tally": self._held(landing.tally(findings), landing.TALLY),
            "erased": self._held(landing.erased(findings), landing.ERASED),
            "objects": self._spark.createDataFrame(
                [(o.source, o.bucket, o.key, o.etag, o.bytes) for o in listed], f"source string, {landing.LISTED}"
            ),
        }

    def _hold(self, contract: Contract, rows: DataFrame) -> None:
        self._frames[contract.table] = self._held(rows.select(*contract.column_names), contract.ddl)
        self.rows[contract.table] = [row.asDict() for row in self._frames[contract.table].collect()]

    def _held(self, rows: DataFrame, ddl: str) -> DataFrame:
        return self._spark.createDataFrame([tuple(row) for row in rows.collect()], ddl)
