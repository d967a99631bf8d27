"""From a transform to audited rows: what every table goes through before it is published, wherever it is computed.

`table` and `landing` stage the rows and have them audited; `audited` is what comes of it; `withdrawal` tells who has
left what stays published. No Dagster here: assets and Glue jobs do the same by calling this.
"""
