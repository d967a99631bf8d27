"""Who does the job: each in a file of its own, and the list of all."""

from benchmarks.contender import Contender, Script
from benchmarks.contenders.product import Product

EMBEDDED, SPARK, ONE_PROCESS, FIVE_PROCESSES, DUCKDB, POLARS = (
    "stedi",
    "stedi-spark",
    "pyspark",
    "pyspark-five",
    "duckdb",
    "polars",
)
# A process for each step, as AWS Glue starts them.
_STEPS = (
    "customer_landing_to_trusted",
    "accelerometer_landing_to_trusted",
    "customer_trusted_to_curated",
    "step_trainer_landing_to_trusted",
    "machine_learning_curated",
)
_PYSPARK = "benchmarks.contenders.pyspark_script"

CONTENDERS: tuple[Contender, ...] = (
    Product(EMBEDDED, "`stedi run --full`", "embedded"),
    Product(SPARK, "`stedi run --full --engine spark`", "spark"),
    Script(ONE_PROCESS, "PySpark, five steps in one process", _PYSPARK),
    Script(FIVE_PROCESSES, "PySpark, five processes", _PYSPARK, _STEPS),
    Script(DUCKDB, "DuckDB", "benchmarks.contenders.duckdb_script"),
    Script(POLARS, "Polars", "benchmarks.contenders.polars_script"),
)
