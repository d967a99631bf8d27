"""The plots: from numbers to the bytes of a PNG, in one style.

Here: pure functions, each one picture. They are shown on light and on dark pages, and printed: the ground is the
picture's own. Figures are made as objects, never by pyplot, whose state is the whole process's.
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stedi_assets.insight.aggregates import Bins, Consent, moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, FAINT, GROUND = "#1b2430", "#5c6877", "#e3e8ee", "#ffffff"
BLUE, TEAL, AMBER, GREY = "#2f6fed", "#12a594", "#f0a030", "#b4bfcc"
WIDE = (8.0, 3.4)
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}


def readings_over_time(bins: Bins) -> bytes:
    """Two pictures above one another: motion and step readings, those that are used before all that landed."""
    with styled():
        figure = new_figure((8.0, 5.0))
        for place, (kind, colour) in enumerate((("motion", BLUE), ("step", TEAL)), start=1):
            axes = figure.add_subplot(2, 1, place)
            _bars(axes, bins, f"{kind} readings that landed", GREY, "landed")
            _bars(axes, bins, f"{kind} readings that are used", colour, "used")
            axes.set_title(f"{kind.capitalize()} readings over time")
            axes.legend(ncols=2, loc="upper right", bbox_to_anchor=(1, 1.2))
            _time_axis(axes, bins)
        return png(figure)


def distance(bins: Bins) -> bytes:
    """The distribution of distances."""
    with styled():
        figure = new_figure(WIDE)
        axes = figure.add_subplot()
        _bars(axes, bins, "step readings", TEAL)
        axes.set_title("Distance to the object, trusted step readings")
        axes.set_xlabel("cm")
        return png(figure)


def movement(bins: Bins) -> bytes:
    """One picture per axis, on one scale."""
    with styled():
        figure = new_figure(WIDE)
        shared: Any = None
        for place, (axis, colour) in enumerate(zip("xyz", (BLUE, TEAL, AMBER), strict=True), start=1):
            shared = axes = figure.add_subplot(1, 3, place, sharey=shared)
            _bars(axes, bins, axis, colour)
            axes.set_title(f"Movement along {axis}")
            axes.tick_params(labelleft=place == 1)
        return png(figure)


def consent_share(consent: Consent) -> bytes:
    """One bar, in as many parts as there are answers."""
    parts = {
        "agree": (consent.agree, TEAL),
        "agree from a later day on": (consent.agree_later, BLUE),
        "agreed once, withdrew": (consent.withdrew, AMBER),
        "never agreed": (consent.never_agreed, GREY),
    }
    with styled():
        figure = new_figure((8.0, 2.2))
        axes = figure.add_subplot()
        left = 0
        for name, (count, colour) in parts.items():
            if count:
                axes.barh(0, count, left=left, color=colour, label=f"{name}: {count:,}", height=0.6)
            left += count
        axes.set_title(f"{consent.share:.0%} of {consent.customers:,} customers agree to research")
        axes.set_xlim(0, max(left, 1))
        axes.set_axis_off()
        if left:
            axes.legend(ncols=4, loc="upper left", bbox_to_anchor=(-0.01, 0.05))
        return png(figure)


def rows_by_zone(streams: Mapping[str, Sequence[tuple[str, int]]]) -> bytes:
    """A funnel for each stream: every table's bar as a share of the stream's first."""
    colours = {"landing": GREY, "trusted": BLUE, "curated": TEAL}
    lines = [(stream, table, rows, along[0][1]) for stream, along in streams.items() for table, rows in along]
    with styled():
        figure = new_figure((8.0, 4.4))
        axes = figure.add_subplot()
        for place, (_, table, rows, first) in enumerate(lines):
            share = rows / first if first else 0.0
            colour = next((c for zone, c in colours.items() if table.endswith(zone)), TEAL)
            axes.barh(place, share, color=colour, left=(1 - share) / 2, height=0.72)
            axes.text(1.02, place, f"{rows:,}", va="center", ha="left", fontweight="bold")
        axes.set_yticks(range(len(lines)), [table for _, table, _, _ in lines])
        axes.invert_yaxis()
        axes.set_title("Rows by zone, as a share of what landed")
        axes.set_xlim(0, 1.16)
        axes.set_xticks([])
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        return png(figure)


def styled() -> Any:
    """The one style, for as long as the context lasts."""
    import matplotlib as mpl

    return mpl.rc_context(_STYLE)


def new_figure(inches: tuple[float, float]) -> "Figure":
    """An empty picture of that size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, dpi=110, facecolor=GROUND, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)  # type: ignore[union-attr, call-arg]
    return figure


def _bars(axes: "Axes", bins: Bins, name: str, colour: str, label: str | None = None) -> None:
    counts = bins.series[name]
    axes.bar(bins.edges[: len(counts)], counts, width=bins.width * 0.92, align="edge", color=colour, label=label)
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    axes.locator_params(axis="y", nbins=5, integer=True)
    if bins.length and float(bins.width).is_integer() and bins.length <= 12:
        axes.set_xticks([edge + bins.width * 0.46 for edge in bins.edges[:-1]], [f"{e:g}" for e in bins.edges[:-1]])


def _time_axis(axes: "Axes", bins: Bins) -> None:
    """Five moments, in UTC; the day is told once unless there are several."""
    if not bins.length:
        return
    marks = [bins.edges[round(place * bins.length / 4)] for place in range(5)]
    told = [moment(mark) for mark in marks]
    days = {text[:10] for text in told}
    axes.set_xticks(marks, told if len(days) > 1 and bins.width < 3_600_000 else [_short(t, days) for t in told])
    axes.set_xlabel(f"{next(iter(days))}, UTC" if len(days) == 1 else "UTC")


def _short(told: str, days: set[str]) -> str:
    return told[11:] if len(days) == 1 else told[:10]


def png(figure: "Figure") -> bytes:
    """Few colours and no metadata: small enough for an event log, and the same bytes of the same numbers."""
    from PIL import Image

    drawn, content = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(64).save(content, format="png", optimize=True)
    return content.getvalue()
