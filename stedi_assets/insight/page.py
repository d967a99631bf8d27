"""The page of `stedi report`: the facts as one HTML file that needs nothing else.

Here: filling the template. How it looks stands in `templates/`: plain HTML, style and drawings inline, no script.
"""

from typing import Any

from stedi_assets.insight.aggregates import Bins, moment
from stedi_assets.insight.facts import Facts
from stedi_assets.lakehouse.publication import DEMO_DATA

# The drawing's own units; the page scales it.
WIDTH, HEIGHT = 640, 180


def page(facts: Facts) -> str:
    """The whole file."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("stedi_assets.insight"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": lambda value: "" if value is None else f"{value:,}",
        "percent": percent,
        "moment": lambda ms: moment(ms, seconds=False) + " UTC",
        "words": lambda name: name.replace("_", " "),
    }
    return environment.get_template("report.html").render(
        facts=facts,
        demo_data=DEMO_DATA,
        age=lambda ms: age(facts.made_ms - ms),
        bars=bars,
        time_marks=time_marks,
        number_marks=number_marks,
    )


def percent(share: float) -> str:
    """A share as people read it: never 100 % where something is missing, never 0 % where something is there."""
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")


def age(milliseconds: int) -> str:
    """How long ago, in the largest unit that says something."""
    minutes = max(0, milliseconds) // 60_000
    for unit, size in (("day", 1_440), ("hour", 60), ("minute", 1)):
        if count := minutes // size:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def bars(bins: Bins, name: str, top: int) -> list[dict[str, Any]]:
    """Where each bar of a series stands in the drawing, whose height is `top`, and what it counts."""
    step = WIDTH / max(bins.length, 1)
    return [
        {
            "x": round(step * place + step * 0.06, 2),
            "width": round(step * 0.88, 2),
            "y": round(HEIGHT * (1 - count / max(top, 1)), 2),
            "height": round(HEIGHT * count / max(top, 1), 2),
            "count": count,
        }
        for place, count in enumerate(bins.series[name])
    ]


def time_marks(bins: Bins) -> list[str]:
    """Five moments below a drawing of readings over time."""
    if not bins.length:
        return []
    told = [moment(bins.edges[round(place * bins.length / 4)]) for place in range(5)]
    return [text[11:] for text in told] if len({text[:10] for text in told}) == 1 else [text[:10] for text in told]


def number_marks(bins: Bins) -> list[str]:
    """Numbers below a drawing of a distribution: of few bars each, of many the ends and the middle."""
    if not bins.length:
        return []
    if bins.length <= 12:
        return [f"{edge:g}" for edge in bins.edges[:-1]]
    return [f"{bins.edges[round(place * bins.length / 4)]:g}" for place in range(5)]
