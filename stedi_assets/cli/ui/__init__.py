"""The front of Dagster's UI under `stedi dev`: who may ask it, and how that comes before Dagster's own web server.

Here: `front` (which requests pass), `peers` (whose a connection is), `dagster_with_front` (Dagster's commands with it).
Not here: what the UI shows, and starting and ending it (`cli.dev`).
"""
