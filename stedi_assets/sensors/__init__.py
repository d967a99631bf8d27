"""What Dagster does without being asked: each sensor in a module of its name.

`arrivals` starts a run for what has landed, `failures` says what failed. Declarative automation has its own place
(`stedi_assets.automation`). Each is on when `stedi dev` starts, and can be switched off in the UI.
"""
