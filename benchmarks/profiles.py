"""Where the product's time goes, in tables: a part of docs/benchmarks.md.

Here: by Dagster's step, by phase, by what the CPU's seconds are for. Not here: measuring it (`traced`, `reading`).
"""

from collections.abc import Collection, Mapping, Sequence
from math import fsum

from benchmarks.contenders import DUCKDB, EMBEDDED, ONE_PROCESS
from benchmarks.markdown import table
from benchmarks.reading import COUNTED, FETCHED, PARSED
from benchmarks.results import Delivered, Result, Run, Trace, find
from stedi_assets.contracts import CONTRACTS

# Seconds are added by fsum(): sum() of floats rounds otherwise since Python 3.12, and the page would differ.
_LANDING = {contract.table for contract in CONTRACTS if contract.zone == "landing"}
_MOST_PHASES = 10
# What the CPU's seconds are for, in words.
SERVED = "the store's server: giving what landed, taking and giving tables"
READ = {"fetching what landed": FETCHED, "counting it by other means (census)": COUNTED, "parsing it": PARSED}
LANDED = "the engine: the landing tables as Parquet"
AUDITED = "the engine: the audits, and who agreed"


def profiles(results: Sequence[Result]) -> str:
    """Of the full run and of the one that finds one per cent more; nothing where the product was not measured."""
    own = [result for result in results if result.contender == EMBEDDED and result.steps]
    if not own:
        return ""
    parts = [
        "## Where the time goes\n",
        "`stedi run --full`, seconds by Dagster's step, by scale. `landing` makes the four landing tables.\n",
        _by_step([(result.scale, result.median, result.steps) for result in own]),
        "The same once more, through the proxy that counts: seconds by phase, summed over the tables, and in "
        "brackets the CPU seconds of the run's process. `consent` is finding who agreed, for the checks. Not among "
        "them: manifests, Dagster, starting, and the store's server.\n",
        _by_phase([(result.scale, result.trace) for result in own if result.trace]),
        _largest(own[-1].scale, own[-1].trace),
        _by_purpose(own[-1], results),
    ]
    delivered = [(result.scale, result.delivered) for result in own if result.delivered]
    return "\n".join(parts + (_of_deliveries(delivered) if delivered else []))


def _of_deliveries(delivered: Sequence[tuple[float, Delivered]]) -> list[str]:
    scale, largest = delivered[-1]
    return [
        "**A run that finds one per cent more,** seconds by step:\n",
        _by_step([(scale, one.run, one.steps) for scale, one in delivered]),
        "The next such run, through the proxy, by phase as above; `changes` is finding which rows come and go:\n",
        _by_phase([(scale, one.trace) for scale, one in delivered]),
        _largest(scale, largest.trace),
    ]


def _by_step(runs: Sequence[tuple[float, Run, Mapping[str, float]]]) -> str:
    names = list(dict.fromkeys(step for _, _, steps in runs for step in steps))
    rows = [[f"`{name}`", *(_seconds(steps.get(name)) for _, _, steps in runs)] for name in names]
    rows.append(["between the steps", *(f"{run.inside - fsum(steps.values()):.2f}" for _, run, steps in runs)])
    rows.append(["before and after the run", *(f"{run.wall - run.inside:.2f}" for _, run, _ in runs)])
    return _table("step", [scale for scale, _, _ in runs], rows)


def _by_phase(traces: Sequence[tuple[float, Trace]]) -> str:
    rows = []
    for phase in dict.fromkeys(one.phase for _, trace in traces for one in trace.phases):
        took = [[one for one in trace.phases if one.phase == phase] for _, trace in traces]
        rows.append([phase, *(f"{fsum(o.wall for o in some):.2f} ({fsum(o.cpu for o in some):.2f})" for some in took)])
    return _table("phase", [scale for scale, _ in traces], rows)


def _table(what: str, scales: Sequence[float], rows: list[list[str]]) -> str:
    return table([what, *(f"scale {scale:g}" for scale in scales)], rows, "l" + "r" * len(scales))


def _largest(scale: float, trace: Trace | None) -> str:
    """The phases that take most CPU."""
    if trace is None:
        return ""
    first = sorted(trace.phases, key=lambda one: -one.cpu)[:_MOST_PHASES]
    rows = [[f"{one.phase} `{one.table}`", f"{one.wall:.2f}", f"{one.cpu:.2f}"] for one in first]
    return f"At scale {scale:g}, those that take most CPU:\n\n" + table(["phase", "s", "CPU, s"], rows, "lrr")


def _by_purpose(own: Result, results: Sequence[Result]) -> str:
    """What all CPU seconds of a run are for, beside what others take for everything, and what the targets leave."""
    if own.trace is None or not own.trace.reading:
        return ""
    took, cores = purposes(own.trace), int(own.machine["cores"])
    everything = fsum(took.values())
    rows = [[what, f"{seconds:.1f}", f"{seconds / everything:.0%}"] for what, seconds in took.items()]
    said = [
        f"At scale {own.scale:g}, what the {everything:.1f} s of CPU of this run and of the store's server are for:\n",
        table(["", "CPU, s", "share"], rows, "lrr"),
    ]
    landing = fsum(took[what] for what in (SERVED, *READ, LANDED))
    others = []
    if pyspark := find(results, ONE_PROCESS, own.scale):
        run = pyspark.median
        others.append(f"a third of PySpark's time is {run.wall / 3:.1f} s (all of its CPU: {run.cpu:.1f} s)")
    if duckdb := find(results, DUCKDB, own.scale):
        run = duckdb.median
        others.append(f"three times DuckDB's are {run.inside * 3:.1f} s (all of its CPU: {run.cpu:.1f} s)")
    if others:
        said.append(
            f"So the landing tables and the store's server alone keep {cores} cores at work for "
            f"{landing / cores:.1f} s, everything but the audits for {(everything - took[AUDITED]) / cores:.1f} s; "
            f"{', '.join(others)}.\n"
        )
    return "\n".join(said)


def purposes(trace: Trace) -> dict[str, float]:
    """The CPU seconds of a run's process and of the store's server, by what they are for."""

    def of(name: str, tables: Collection[str] | None = None) -> float:
        return fsum(one.cpu for one in trace.phases if one.phase == name and (tables is None or one.table in tables))

    took = {
        **{said: trace.reading.get(what, 0.0) for said, what in READ.items()},
        LANDED: of("write", _LANDING) - fsum(trace.reading.values()),
        "the engine: computing and writing the other tables": of("write") - of("write", _LANDING),
        AUDITED: of("audit") + of("consent"),
        "publishing": of("publish"),
    }
    took["all else: starting, Dagster, looking things up"] = trace.cpu - fsum(took.values())
    return {SERVED: trace.served, **took}


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"
