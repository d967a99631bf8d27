"""The job as a plain DuckDB script: JSON lines in, eight Parquet files out. Nothing of the product is used.

`python -m benchmarks.contenders.duckdb_script DATA OUT`; the last line tells the seconds. No quarantine, no audit, no
publication, no pseudonyms; a customer's record governs as it is.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

CUSTOMER = {
    "customerName": "VARCHAR",
    "email": "VARCHAR",
    "phone": "VARCHAR",
    "birthDay": "VARCHAR",
    "serialNumber": "VARCHAR",
    "registrationDate": "BIGINT",
    "lastUpdateDate": "BIGINT",
    "shareWithResearchAsOfDate": "BIGINT",
    "shareWithPublicAsOfDate": "BIGINT",
    "shareWithFriendsAsOfDate": "BIGINT",
}
LANDING = {
    "customer": CUSTOMER,
    "accelerometer": {"user": "VARCHAR", "timestamp": "BIGINT", "x": "DOUBLE", "y": "DOUBLE", "z": "DOUBLE"},
    "step_trainer": {"sensorReadingTime": "BIGINT", "serialNumber": "VARCHAR", "distanceFromObject": "INTEGER"},
}
TABLES = {
    "customer_trusted": "SELECT * FROM customer_landing WHERE shareWithResearchAsOfDate > 0",
    "accelerometer_trusted": """
        SELECT * FROM accelerometer_landing WHERE "user" IN (SELECT email FROM customer_trusted)""",
    "customers_curated": """
        SELECT * FROM customer_trusted WHERE email IN (SELECT "user" FROM accelerometer_trusted)""",
    "step_trainer_trusted": """
        SELECT * FROM step_trainer_landing WHERE serialNumber IN (SELECT serialNumber FROM customers_curated)""",
    "machine_learning_curated": """
        SELECT s.*, a."user", a.x, a.y, a.z
        FROM step_trainer_trusted s JOIN accelerometer_trusted a ON a."timestamp" = s.sensorReadingTime""",
}


def main(data: Path, out: Path) -> None:
    """Writes the eight files."""
    began = time.monotonic()
    out.mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    for source, columns in LANDING.items():
        connection.execute(
            f"CREATE TABLE {source}_landing AS SELECT * FROM "
            f"read_json('{data}/{source}/*.json', format = 'newline_delimited', columns = {columns})"
        )
        connection.execute(f"COPY {source}_landing TO '{out}/{source}_landing.parquet'")
    for table, query in TABLES.items():
        connection.execute(f"CREATE TABLE {table} AS {query}")
        connection.execute(f"COPY {table} TO '{out}/{table}.parquet'")
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
