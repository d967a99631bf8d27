"""The job as a plain PySpark script of five steps, as people write it for AWS Glue: JSON lines in, Parquet out.

`python -m benchmarks.contenders.pyspark_script DATA OUT [STEP]`: all five in one process, or one, as one job each. The
last line tells the seconds from the session's being ready. Nothing of the product is used; it leaves out what the
DuckDB script leaves out. Tuned: a schema for each source instead of inference, two cores, as few shuffle partitions, no
UI, what a step before has written is read as Parquet, small sides are broadcast.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

SCHEMA = {
    "customer": (
        "customerName string, email string, phone string, birthDay string, serialNumber string, "
        "registrationDate bigint, lastUpdateDate bigint, shareWithResearchAsOfDate bigint, "
        "shareWithPublicAsOfDate bigint, shareWithFriendsAsOfDate bigint"
    ),
    "accelerometer": "user string, timestamp bigint, x double, y double, z double",
    "step_trainer": "sensorReadingTime bigint, serialNumber string, distanceFromObject int",
}
SETTINGS = {
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.files.openCostInBytes": "1m",  # many small files to a task
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.log.level": "ERROR",
}


class Job:
    """One session, the folder to read from and the one to write to."""

    def __init__(self, spark: SparkSession, data: Path, out: Path) -> None:
        self.spark, self.data, self.out = spark, data, out

    def landing(self, source: str) -> DataFrame:
        """A source's landing table, written and read back."""
        rows = self.spark.read.schema(SCHEMA[source]).json(f"{self.data}/{source}/*.json")
        self.write(rows, f"{source}_landing")
        return self.read(f"{source}_landing")

    def read(self, table: str) -> DataFrame:
        return self.spark.read.parquet(f"{self.out}/{table}")

    def write(self, rows: DataFrame, table: str) -> None:
        rows.write.parquet(f"{self.out}/{table}")


def customer_landing_to_trusted(job: Job) -> None:
    customers = job.landing("customer")
    job.write(customers.where(F.col("shareWithResearchAsOfDate") > 0), "customer_trusted")


def accelerometer_landing_to_trusted(job: Job) -> None:
    emails = job.read("customer_trusted").select(F.col("email").alias("user"))
    motions = job.landing("accelerometer")
    job.write(motions.join(F.broadcast(emails), on="user", how="left_semi"), "accelerometer_trusted")


def customer_trusted_to_curated(job: Job) -> None:
    users = job.read("accelerometer_trusted").select(F.col("user").alias("email")).distinct()
    job.write(job.read("customer_trusted").join(users, on="email", how="left_semi"), "customers_curated")


def step_trainer_landing_to_trusted(job: Job) -> None:
    serials = job.read("customers_curated").select("serialNumber")
    steps = job.landing("step_trainer")
    job.write(steps.join(F.broadcast(serials), on="serialNumber", how="left_semi"), "step_trainer_trusted")


def machine_learning_curated(job: Job) -> None:
    motions = job.read("accelerometer_trusted").withColumnRenamed("timestamp", "sensorReadingTime")
    steps = job.read("step_trainer_trusted")
    job.write(steps.join(motions, on="sensorReadingTime", how="inner"), "machine_learning_curated")


STEPS: tuple[Callable[[Job], None], ...] = (
    customer_landing_to_trusted,
    accelerometer_landing_to_trusted,
    customer_trusted_to_curated,
    step_trainer_landing_to_trusted,
    machine_learning_curated,
)


def main(data: Path, out: Path, steps: tuple[Callable[[Job], None], ...]) -> None:
    """Does these steps in one session."""
    builder = SparkSession.builder.master("local[2]").appName("stedi")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    began = time.monotonic()
    for step in steps:
        step(Job(spark, data, out))
    seconds = time.monotonic() - began
    spark.stop()
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    chosen = sys.argv[3:]
    main(Path(sys.argv[1]), Path(sys.argv[2]), tuple(s for s in STEPS if not chosen or s.__name__ in chosen))
