"""From a transform to audited rows: what every table goes through before it is published, wherever it is computed.

`table` and `landing` stage the rows and have them audited: `table` on what is published where it can (`ground`,
`increment`; `part` is what is audited then), `landing` by what was counted in each object (`accounts`). `audited` is
what comes of it. `whole` audits what is published, `withdrawal` tells who has left what stays published. No Dagster
here: assets and Glue jobs do the same by calling this.
"""
