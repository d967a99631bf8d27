"""Benchmarks: this product beside plain scripts for the same job, on the same generated data (`make bench`).

Here: what is measured, how, and the pages that tell it. Not here: anything that the product needs (it is not installed
with it), and tests of what is right (stedi_assets_tests; rows are compared here too, or no figure is taken).

`data` generates, `contenders` do the job, `measuring` watches them, `results` keeps what came of it, `targets` judges,
`page` and `plot` write docs/benchmarks.md. `traced` is the product with its phases timed and its requests counted;
`scale` derives docs/scale.md (`make bench-scale`).
"""
