"""The tests. Each module is named after what it proves; `frames` builds small tables, `conftest` the real services."""
