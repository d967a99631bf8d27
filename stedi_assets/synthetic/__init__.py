"""A made-up landing zone with the reference set's figures and none of its rows.

Here: data that was invented from a fixed seed, for CI, demonstrations and load tests. Not here: reading,
cleaning or checking of any data, or dirt (objects are well-formed; tests add the dirt they need).

`figures` says what one world has to hold, `schedule`, `motions` and `people` invent it, `world` puts it into
JSON, `landing` writes as many copies as asked for; `draw` is the chance and `marks` tell the copies apart.
"""

from stedi_assets.synthetic.landing import generate

__all__ = ["generate"]
