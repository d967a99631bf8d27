"""What the landing transform makes of objects: their rows, and what it finds beside them. Nothing is published."""

import uuid
from typing import Any

from pyspark.sql import SparkSession

from stedi_assets.contracts import SOURCES
from stedi_assets.erasure.suppression import NOBODY
from stedi_assets.lakehouse.objects import delete_folder
from stedi_assets.lakehouse.writing import data_files
from stedi_assets.landing.zone import Zone
from stedi_assets.transforms import landing

Rows = list[dict[str, Any]]


def rows_and_findings(spark: SparkSession, zone: Zone, source: str) -> tuple[Rows, Rows]:
    """Of all objects of a source in the zone."""
    objects = [one for one in zone.objects() if one.source == source]
    folder = f"s3://{zone.bucket}/staging/{uuid.uuid4().hex}"
    look = landing.Look(source, folder)
    rows = landing.landing_rows(landing.listing(spark, objects), SOURCES[source], 10**8, NOBODY, look).collect()
    try:
        findings = landing.findings(spark, sorted(data_files(zone.s3, folder))).collect()
    finally:
        delete_folder(zone.s3, folder)
    return [row.asDict() for row in rows], [row.asDict() for row in findings]
