"""What keeps the tables up to date by themselves, and how old they may be: for the whole graph, in one place.

Here: automation conditions and freshness policies by zone, and the sensor that evaluates the conditions. Not here: the
sensor that starts a run for what has landed (`sensors.arrivals`).
"""

from datetime import timedelta
from typing import Any

from dagster import (
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
    FreshnessPolicy,
)

from stedi_assets.assets.insight import INSIGHT
from stedi_assets.contracts import CONTRACTS

INTERVAL_SECONDS = 30
TABLES = {contract.zone for contract in CONTRACTS}
# What has landed is seen in the landing zone, not in Dagster: a sensor starts what builds these.
BY_SENSOR = "landing"

_CHANGED: AutomationCondition[Any] = (
    AutomationCondition.any_deps_match(
        AutomationCondition.data_version_changed() | AutomationCondition.will_be_requested()
    ).with_label("a table that it is computed from has other rows")
    | AutomationCondition.code_version_changed().with_label("its rules are others")
    | AutomationCondition.missing().newly_true().with_label("it was never published")
)

# A run that failed is not tried again without anything new: an audit would only fail again.
UP_TO_DATE = (
    _CHANGED.since_last_handled()
    & ~AutomationCondition.any_deps_missing()
    & ~AutomationCondition.any_deps_in_progress()
    & ~AutomationCondition.in_progress()
    & ~AutomationCondition.execution_failed()
    & AutomationCondition.all_deps_blocking_checks_passed()
).with_label("up to date with what it is computed from, never past a failed blocking check")

# Every run tells of every table, also of one that it finds as it is to be. Devices deliver daily.
FRESH = FreshnessPolicy.time_window(fail_window=timedelta(days=7), warn_window=timedelta(days=2))


def automated(spec: AssetSpec) -> AssetSpec:
    """The asset as it is to be kept: its condition, and of a table how old it may be. Others are left as they are."""
    if spec.group_name == INSIGHT:
        return spec.replace_attributes(automation_condition=UP_TO_DATE)
    if spec.group_name not in TABLES:
        return spec
    condition = None if spec.group_name == BY_SENSOR else UP_TO_DATE
    return spec.replace_attributes(automation_condition=condition, freshness_policy=FRESH)


automation = AutomationConditionSensorDefinition(
    "automation",
    target=AssetSelection.all(),
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Builds what is computed from a table that has other rows than before.",
)
