"""What runs by itself, and when.

Here: schedules; each names its time zone. Not here: what they start (`jobs`).
"""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from stedi_assets.jobs import stedi_upkeep

# At night, when the last deliveries of a day have been read.
nightly_upkeep = ScheduleDefinition(
    name="nightly_upkeep",
    job=stedi_upkeep,
    cron_schedule="30 3 * * *",
    execution_timezone="Etc/UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every night at 03:30 UTC: tables audited, files compacted, old versions expired, orphans deleted.",
)
