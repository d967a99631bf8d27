"""A lakehouse for tests that run the asset graph: landing folders, runs on them, what they published.

Dagster and the definitions are imported when they are first used: many tests want the records alone, and collecting
the tests of one package takes a third of the time.
"""

import json
import uuid
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from stedi_assets.contracts import Contract
from stedi_assets.contracts.customer_key import customer_key_of
from stedi_assets.keys import ERASURE_FILE, keyed_hash, keys_of
from stedi_assets.lakehouse.catalog import NAMESPACE, find_table, open_catalog
from stedi_assets.lakehouse.connection import connect
from stedi_assets.lakehouse.inventory import FILE as INVENTORY_FILE
from stedi_assets.landing.zone import Zone
from stedi_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance, ExecuteInProcessResult

    from stedi_assets.erasure.registry import Registry
    from stedi_assets.lakehouse.publication import Published
    from stedi_assets.lakehouse.services import Endpoints

AGREED = 1_600_000_000_000
TAKEN = 1_650_000_000_000


def customer(email: str, serial: str, agreed: int | None = AGREED, updated: int = AGREED) -> dict[str, Any]:
    """A customer record as the website writes it."""
    record = {"email": email, "serialNumber": serial, "lastUpdateDate": updated, "customerName": "Canary Name"}
    return record if agreed is None else {**record, "shareWithResearchAsOfDate": agreed}


def motion(user: str, taken: int = TAKEN, **axes: float) -> dict[str, Any]:
    """A reading as the app writes it."""
    return {"user": user, "timestamp": taken, "x": 0.0, "y": 1.0, "z": -1.0, **axes}


def step(serial: str, taken: int = TAKEN, distance: int = 210) -> dict[str, Any]:
    """A reading as a step trainer writes it."""
    return {"sensorReadingTime": taken, "serialNumber": serial, "distanceFromObject": distance}


def lines(records: Sequence[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def write_landing(folder: Path, customers: str, motions: str, steps: str) -> Path:
    """A landing folder with one file for each source."""
    for source, text in (("customer", customers), ("accelerometer", motions), ("step_trainer", steps)):
        (folder / source).mkdir(parents=True, exist_ok=True)
        (folder / source / f"{source}.json").write_text(text)
    return folder


CUSTOMERS = [customer("Ann@x.org", "s1"), customer("ben@x.org", "s2"), customer("no@x.org", "s3", agreed=None)]
MOTIONS = [motion("ann@x.org"), motion("ann@x.org", x=1.0), motion("ben@x.org", TAKEN + 5), motion("no@x.org")]
STEPS = [step("s1"), step("s2"), step("s3"), step("s1", TAKEN + 5)]


class Lake:
    """One set of tables in the session's home, and a landing zone of its own."""

    def __init__(self) -> None:
        # What the tests before have published and dropped is not a lost index.
        (Settings.load().home / INVENTORY_FILE).unlink(missing_ok=True)
        self.store = connect(Settings.load())
        self.s3 = boto3.client("s3")
        self.catalog = open_catalog(self.store)
        self.zone = Zone(f"s3://{self.store.bucket}/test-{uuid.uuid4().hex}", self.s3)

    @cached_property
    def instance(self) -> "DagsterInstance":
        """The Dagster instance of this lakehouse's runs."""
        from dagster import DagsterInstance

        return DagsterInstance.ephemeral()

    @property
    def endpoints(self) -> "Endpoints":
        """The home's services."""
        assert self.store.services is not None
        return self.store.services

    def run(
        self,
        expect: str = "none",
        select: Sequence[Contract] = (),
        resources: dict[str, Any] | None = None,
        full: bool = False,
        own: bool = False,
        **policy: str,
    ) -> "ExecuteInProcessResult":
        """Runs the job on the zone; failures are in the result. `own`: it is the home's. `policy`: consent, serials."""
        from dagster import AssetKey

        from stedi_assets.definitions import build_definitions
        from stedi_assets.jobs import stedi_lakehouse

        definitions = build_definitions(resources)
        keys = [AssetKey([contract.zone, contract.table]) for contract in select]
        return definitions.resolve_job_def(stedi_lakehouse.name).execute_in_process(
            run_config={
                "resources": {
                    "lakehouse": {
                        "config": {"landing": "" if own else self.zone.uri, "expect": expect, "full": full, **policy}
                    }
                },
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            instance=self.instance,
            asset_selection=keys or None,
            raise_on_error=False,
        )

    def forget(self, request: str, rewrite_landing: bool = False) -> "ExecuteInProcessResult":
        """Runs the erasure of a request; failures are in the result."""
        from stedi_assets.definitions import build_definitions
        from stedi_assets.jobs import stedi_forget

        return (
            build_definitions()
            .resolve_job_def(stedi_forget.name)
            .execute_in_process(
                run_config={
                    "ops": {"forget": {"config": {"request": request, "rewrite_landing": rewrite_landing}}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=self.instance,
                raise_on_error=False,
            )
        )

    @property
    def registry(self) -> "Registry":
        """The home's requests to be forgotten."""
        from stedi_assets.lakehouse.lakehouse import registry_of

        return registry_of(Settings.load(), self.store, self.s3)

    def request(self, email: str) -> str:
        """The id of a request to forget someone."""
        return self.registry.request_for(email, self.pseudonyms(customer_key_of(email), "")[0], TAKEN).id

    def put(self, name: str, text: str) -> None:
        """An object of the zone: SOURCE/delivery/ID/NAME, as a device puts it."""
        self.s3.put_object(Bucket=self.zone.bucket, Key=f"{self.zone.prefix}{name}", Body=text.encode())

    def remove(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.zone.bucket, Key=f"{self.zone.prefix}{name}")

    def rows(self, contract: Contract, *columns: str) -> list[Any]:
        """What any reader of the catalog sees, in order; plain values where one column is asked for."""
        table = find_table(self.catalog, contract)
        assert table is not None
        found = table.scan(selected_fields=columns or ("*",)).to_arrow().to_pylist()
        ordered = sorted((tuple(row[name] for name in columns or contract.column_names) for row in found), key=str)
        return [row[0] for row in ordered] if len(columns) == 1 else ordered

    def pseudonyms(self, customer: str, serial: str) -> tuple[str, str]:
        """subject_id and device_id of these, with the home's key."""
        key = keys_of(Settings.load()).pseudonym()
        return keyed_hash(key, "subject", customer), keyed_hash(key, "device", serial)

    def snapshot(self, contract: Contract) -> int | None:
        """The published snapshot, None for a table that was never published."""
        table = find_table(self.catalog, contract)
        current = table.current_snapshot() if table else None
        return current.snapshot_id if current else None

    def published(self, contract: Contract) -> "Published":
        """What every reader sees now."""
        from stedi_assets.lakehouse.published import published_snapshot

        return published_snapshot(self.catalog, contract)

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """Every object below a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def drop_tables(self) -> None:
        from stedi_assets.erasure.registry import KEY as REGISTRY_KEY

        for file in (ERASURE_FILE, INVENTORY_FILE):  # nobody was ever erased, and the home never held anything
            (Settings.load().home / file).unlink(missing_ok=True)
        self.s3.delete_object(Bucket=self.store.bucket, Key=self.store.key(REGISTRY_KEY))
        if self.catalog.namespace_exists(NAMESPACE):
            for name in self.catalog.list_tables(NAMESPACE):
                self.catalog.drop_table(name)


def bring(lake: Lake, folder: Path, customers: Any = CUSTOMERS, motions: Any = MOTIONS, steps: Any = STEPS) -> None:
    texts = [part if isinstance(part, str) else lines(part) for part in (customers, motions, steps)]
    lake.zone.mirror(write_landing(folder, *texts))


def checks(result: "ExecuteInProcessResult") -> dict[tuple[str, str], Any]:
    """The run's check evaluations by table and check."""
    return {(e.asset_key.path[-1], e.check_name): e for e in result.get_asset_check_evaluations()}


def failed_checks(result: "ExecuteInProcessResult") -> set[tuple[str, str]]:
    return {name for name, evaluation in checks(result).items() if not evaluation.passed}


def materialized(result: "ExecuteInProcessResult") -> set[str]:
    """Tables that the run recorded as materialized."""
    return {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}


def failure(result: "ExecuteInProcessResult") -> str:
    """What the failed step says."""
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    assert data.error is not None
    return str(data.error.cause.message if data.error.cause else data.error.message)


def unchanged(result: "ExecuteInProcessResult") -> set[str]:
    """Tables that the run found as they were to be."""
    return {
        event.asset_key.path[-1]
        for event in result.get_asset_materialization_events()
        if event.asset_key and "stedi/unchanged" in event.materialization.metadata
    }


def snapshots(lake: Lake, contract: Contract) -> set[int]:
    """Every snapshot that can still be read."""
    table = lake.catalog.load_table(f"stedi.{contract.table}")
    return {snapshot.snapshot_id for snapshot in table.snapshots()}


def receipt_of(result: "ExecuteInProcessResult") -> dict[str, Any]:
    assert result.success, failure(result)
    receipt: dict[str, Any] = result.output_for_node("forget")
    return receipt
