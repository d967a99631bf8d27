"""Upkeep: what piles up in a lakehouse that runs every day is cleared away, and no row that readers see changes.

`compaction` rewrites many small files of a table into few; `expiry` lets go of versions and branches that are older
than the retention; `orphans` deletes what nothing refers to any more. In this order, so that each leaves to the next
what it no longer needs. No Dagster here (`assets.upkeep`), and nobody's rows are looked for (`erasure`).

Whatever of this dies half-way leaves the table whole, and objects that the next upkeep deletes.
"""
