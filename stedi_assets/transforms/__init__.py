"""The transforms: how each table's rows come from others, in PySpark.

One module per table, named after it; `consent` holds the rule that they share. No Dagster, no storage: DataFrames in,
a DataFrame out.
"""
