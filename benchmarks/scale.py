"""`python -m benchmarks.scale`, or `make bench-scale`: docs/scale.md, from the results of `make bench` and two more
measurements (strangers in the join, layouts of a table).

Here: the tables of the page; its words are in `templates`. Not here: the arithmetic (`day`), what is taken for granted
(`assumptions`).
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import click
from jinja2 import StrictUndefined, Template

from benchmarks import assumptions as assumed
from benchmarks import layouts, strangers
from benchmarks.contenders import CONTENDERS, EMBEDDED, SPARK
from benchmarks.data import data_of
from benchmarks.day import CONSENTING, Costs, Day, day
from benchmarks.markdown import table
from benchmarks.results import FOLDER, Result, Results
from benchmarks.targets import IDLE_SHARE
from stedi_assets_tests.support.commands import REPOSITORY

DAYS = (1e6, 1e7, 1e8)
LAYOUT_SCALE = 50
TITLES = {contender.name: contender.title for contender in CONTENDERS}
TEMPLATE = Path(__file__).resolve().parent / "templates" / "scale.md"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--results", type=click.Path(path_type=Path), default=FOLDER, help="Folder of the results.")
@click.option("--out", type=click.Path(path_type=Path), default=REPOSITORY / "docs", help="Folder of the page.")
@click.option("--work", type=click.Path(path_type=Path), default=REPOSITORY / ".stedi" / "benchmarks", help="Scratch.")
@click.option("--layout-scale", default=LAYOUT_SCALE, show_default=True, help="Scale of the table that is laid out.")
def write(results: Path, out: Path, work: Path, layout_scale: int) -> None:
    """Derive docs/scale.md from what was measured."""
    costs = _costs(Results(results.resolve()).all())
    pairs = strangers.measured()
    data = data_of(layout_scale, work.resolve())
    place = work.resolve() / "layouts"
    shutil.rmtree(place, ignore_errors=True)
    found = layouts.measured(data.folder / "accelerometer", place)
    shutil.rmtree(place)
    shutil.rmtree(data.folder)
    out.mkdir(parents=True, exist_ok=True)
    (out / "scale.md").write_text(page(costs, pairs, found, data.objects["accelerometer"]))
    click.echo(f"written: {out / 'scale.md'}", err=True)


def _costs(results: Sequence[Result]) -> list[tuple[Costs, Sequence[Result]]]:
    """By engine; the last is the one that a cluster would have, where it was measured."""
    found: list[tuple[Costs, Sequence[Result]]] = []
    for name in (EMBEDDED, SPARK):
        own = [one for one in results if one.contender == name and one.scale >= 1]
        if len(own) >= 2:
            found.append((Costs.of(TITLES[name], own), own))
    if not found:
        raise click.ClickException(
            "two scales are needed to tell what grows: run `make bench` first, at 1 and 10 or more"
        )
    return found


def page(
    costs: Sequence[tuple[Costs, Sequence[Result]]],
    pairs: Sequence[strangers.Pairs],
    found: Sequence[layouts.Layout],
    rows: int,
) -> str:
    """The page, all of it."""
    cluster = costs[-1][0]
    made: str = Template(TEMPLATE.read_text(), undefined=StrictUndefined, keep_trailing_newline=True).render(
        steps=strangers.STEPS,
        motions=strangers.MOTIONS,
        costs=_measured(costs),
        others=max(one.median.others for _, own in costs for one in own),
        idle=IDLE_SHARE,
        strangers=_strangers(pairs),
        equal=assumed.DAY.value * 1000 / strangers.STEPS,
        rows=f"{rows:,}",
        group=f"{layouts.ROWS_OF_GROUP:,}",
        layouts=_layouts(found),
        engine=cluster.title,
        is_spark=cluster.title == TITLES[SPARK],
        days=_days([day(customers, cluster) for customers in DAYS]),
        consenting=CONSENTING,
        kilobytes=cluster.bytes_of_customer / 1000,
        most=cluster.cpu.most,
        assumed=_assumed(),
    )
    return made


def _measured(costs: Sequence[tuple[Costs, Sequence[Result]]]) -> str:
    rows = []
    for one, own in costs:
        customer = one.bytes_of_customer
        for name, line, unit in (
            ("CPU seconds", one.cpu, 1.0),
            ("S3 requests: PUT, COPY, POST, LIST", one.writes, 1.0),
            ("S3 requests: GET, HEAD", one.reads, 1.0),
            ("MB written to S3", one.stored_gb, 1000.0),
        ):
            rows.append(
                [
                    one.title,
                    name,
                    f"{line.least:g} and {line.most:g}",
                    f"{line.fixed * unit:,.1f}",
                    f"{line.per_gb * unit:,.1f}",
                    f"{line.per_gb * unit * customer / 1e6:,.3f}",
                ]
            )
        peaks = ", ".join(f"{r.median.peak_bytes / 1e6:,.0f} (scale {r.scale:g})" for r in own)
        rows.append([one.title, "MB of memory at most", peaks, "", "", ""])
    return table(["", "what", "scales", "fixed", "per GB", "per 1,000 customers"], rows, "lllrrr")


def _strangers(pairs: Sequence[strangers.Pairs]) -> str:
    rows = [
        [
            f"{one.customers:,}",
            f"{one.own:,}",
            f"{one.strangers:,}",
            f"{one.expected:,.0f}",
            f"{one.strangers / (one.own + one.strangers):.1%}",
            f"{one.by_customer:,}",
        ]
        for one in pairs
    ]
    head = ["customers at once", "pairs of one customer", "of strangers", "by the formula", "share of strangers"]
    return table([*head, "rows of a join by customer and timestamp"], rows, "r" * 6)


def _layouts(found: Sequence[layouts.Layout]) -> str:
    rows = [
        [one.name, str(one.files), f"{one.bytes / 1e6:.1f}", f"{one.window:.1%}", f"{one.customer:.1%}"]
        for one in found
    ]
    return table(["layout", "files", "MB", "ten minutes read", "one customer reads"], rows, "lrrrr")


def _days(days: Sequence[Day]) -> str:
    rows = [
        ["JSON, GB", "customers x sessions x bytes", *(f"{d.gb:,.0f}" for d in days)],
        ["CPU, hours", "fixed + GB x CPU seconds per GB", *(f"{d.cpu_hours:,.1f}" for d in days)],
        ["cores", "CPU hours / hours / share that computes", *(f"{d.cores:,.0f}" for d in days)],
        ["memory, GB", "cores x GB to a core", *(f"{d.memory_gb:,.0f}" for d in days)],
        ["DPUs", "cores / cores to a DPU", *(f"{d.dpus:,.1f}" for d in days)],
        ["S3 writes and lists", "fixed + GB x requests per GB", *(f"{d.writes:,.0f}" for d in days)],
        ["S3 reads", "the same", *(f"{d.reads:,.0f}" for d in days)],
        ["written to S3, GB", "the same", *(f"{d.written_gb:,.0f}" for d in days)],
        ["**USD, computing**", "DPUs x hours x price", *(f"{d.usd_computing:,.2f}" for d in days)],
        ["**USD, S3 requests**", "requests x price", *(f"{d.usd_requests:,.2f}" for d in days)],
        ["**USD a month, kept**", "(JSON + written) x price", *(f"{d.usd_stored_a_month:,.2f}" for d in days)],
        ["pairs of one customer", "sessions of those who agreed x pairs", *(f"{d.own_pairs:.2e}" for d in days)],
        ["pairs of strangers", "N^2 x 2,700 / T, if it were asked", *(f"{d.strangers:.2e}" for d in days)],
    ]
    return table(["", "how", *(f"{d.customers / 1e6:,.0f} million" for d in days)], rows, "ll" + "r" * len(days))


def _assumed() -> str:
    rows = [[one.what, f"{one.value:,g} {one.unit}".strip(), one.why] for one in assumed.ALL]
    return table(["", "value", "why"], rows, "lrl")


if __name__ == "__main__":
    write()
