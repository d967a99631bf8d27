"""The job as a plain Polars script: JSON lines in, eight Parquet files out. Nothing of the product is used.

`python -m benchmarks.contenders.polars_script DATA OUT`; the last line tells the seconds. It leaves out what the DuckDB
script leaves out.
"""

import json
import sys
import time
from pathlib import Path

import polars as pl

LANDING = {
    "customer": pl.Schema(
        {
            "customerName": pl.String,
            "email": pl.String,
            "phone": pl.String,
            "birthDay": pl.String,
            "serialNumber": pl.String,
            "registrationDate": pl.Int64,
            "lastUpdateDate": pl.Int64,
            "shareWithResearchAsOfDate": pl.Int64,
            "shareWithPublicAsOfDate": pl.Int64,
            "shareWithFriendsAsOfDate": pl.Int64,
        }
    ),
    "accelerometer": pl.Schema(
        {"user": pl.String, "timestamp": pl.Int64, "x": pl.Float64, "y": pl.Float64, "z": pl.Float64}
    ),
    "step_trainer": pl.Schema(
        {"sensorReadingTime": pl.Int64, "serialNumber": pl.String, "distanceFromObject": pl.Int32}
    ),
}


def main(data: Path, out: Path) -> None:
    """Writes the eight files."""
    began = time.monotonic()
    out.mkdir(parents=True)

    def written(frame: pl.DataFrame, table: str) -> pl.DataFrame:
        frame.write_parquet(out / f"{table}.parquet", compression="snappy")
        return frame

    customer, accelerometer, step_trainer = (
        written(pl.scan_ndjson(f"{data}/{source}/*.json", schema=schema).collect(), f"{source}_landing")
        for source, schema in LANDING.items()
    )
    trusted = written(customer.filter(pl.col("shareWithResearchAsOfDate") > 0), "customer_trusted")
    motions = written(
        accelerometer.join(trusted, left_on="user", right_on="email", how="semi"), "accelerometer_trusted"
    )
    curated = written(trusted.join(motions, left_on="email", right_on="user", how="semi"), "customers_curated")
    steps = written(step_trainer.join(curated, on="serialNumber", how="semi"), "step_trainer_trusted")
    written(
        steps.join(motions, left_on="sensorReadingTime", right_on="timestamp", how="inner"), "machine_learning_curated"
    )
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
