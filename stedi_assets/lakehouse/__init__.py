"""The engine, the store and the catalog, and how tables are written and published."""
