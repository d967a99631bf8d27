"""What the published tables show: numbers, plots, the dashboard of checks, the page of `stedi report`.

`published`: the tables, opened for questions. `funnel`, `aggregates`: the questions. `facts`: all answers together.
`plots`, `markdown`, `page`: how they look. Aggregates only: no value of a personal column leaves a query. No Dagster
here: `assets.insight` puts it on the tables.
"""
