"""The plot of the page: time by scale, everybody in one picture."""

from collections.abc import Sequence
from typing import Any

from benchmarks.contenders import CONTENDERS, DUCKDB, EMBEDDED, FIVE_PROCESSES, ONE_PROCESS, POLARS, SPARK
from benchmarks.results import Result
from stedi_assets.insight.plots import AMBER, BLUE, GREY, QUIET, TEAL, new_figure, png, styled

_LOOKS: dict[str, dict[str, Any]] = {
    EMBEDDED: {"color": BLUE, "linewidth": 2.8, "marker": "o"},
    SPARK: {"color": BLUE, "linestyle": "--", "marker": "o"},
    ONE_PROCESS: {"color": AMBER, "marker": "s"},
    FIVE_PROCESSES: {"color": AMBER, "linestyle": "--", "marker": "s"},
    DUCKDB: {"color": TEAL, "marker": "^"},
    POLARS: {"color": GREY, "marker": "v"},
}


def time_by_scale(results: Sequence[Result]) -> bytes:
    """Whole wall seconds over GB of JSON, both in powers of ten."""
    with styled():
        picture = new_figure((8.0, 4.8))
        axes = picture.add_subplot()
        for contender in CONTENDERS:
            own = [one for one in results if one.contender == contender.name]
            if own:
                sizes, seconds = [one.json_bytes / 1e9 for one in own], [one.median.wall for one in own]
                axes.plot(sizes, seconds, label=contender.title.replace("`", ""), **_LOOKS[contender.name])
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        axes.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter(lambda _value, _place: "")
        axes.set_title("Whole process, seconds, by GB of JSON")
        axes.set_xlabel("GB of JSON", color=QUIET)
        axes.legend(loc="upper left", fontsize=9)
        return png(picture)
