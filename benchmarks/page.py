"""docs/benchmarks.md: what was measured, in tables. All of it is made here; nothing is written by hand.

Here: words and tables. Not here: the judgement of targets (`targets`), where the time goes (`profiles`), the picture
(`plot`).
"""

from collections.abc import Mapping, Sequence

from benchmarks.contenders import CONTENDERS, EMBEDDED
from benchmarks.markdown import table
from benchmarks.profiles import profiles
from benchmarks.results import Result, find
from benchmarks.targets import IDLE_SHARE, verdicts

_HEAD = """\
# Benchmarks

Written by `make bench` (`python -m benchmarks`), which measures everything here anew; `--scale`, `--only` and
`--resume` measure a part and keep the rest. The same generated JSON for everybody; whoever has other rows than the
others is left out. What the words mean stands [below](#what-is-measured).

![Time by scale](benchmarks.png)
"""

_METHOD = """\
## What is measured

- **The data:** `stedi generate`; scale 1 is as large as the reference set. One object on a line, none damaged, so that
  plain readers lose nothing. It lies on the local disk; the product reads it from its S3 store, everybody else from the
  folder.
- **`stedi run --full`:** every table is built, audited and published anew, the second time in a home whose services are
  up. What landed is parsed, and counted once more by other means, nine Iceberg tables are written to S3, more than a
  hundred checks answered, each table committed atomically. With `--engine spark` the same is computed by Apache Spark,
  which starts within the run.
- **The scripts** (`benchmarks/contenders/`) do the same five steps to the same rows in eight Parquet tables on the
  local disk, with schemas given, and no quarantine, checks, pseudonyms, lineage or commits. PySpark: `local[2]`, two
  shuffle partitions, 2 GB. Five processes: one for each step, as AWS Glue runs them.
- **whole:** seconds from the start of the first process to the end of the last. **inside:** the product: from the run's
  start to its success, as Dagster has recorded it; a script: from when its engine is up to its last file.
- **CPU:** seconds of all processes, the store's server included. They suffer least from what else the machine does.
- **memory:** most that all processes held at once, the store's server included, looked at every 0.1 s.
- **A delivery of one per cent:** whole new customers with their readings, brought by `stedi deliver`; the next
  `stedi run` appends what follows from them and audits that, of tables from a million rows on. From the run's start to
  its success; what the process takes before and after is told apart.
- **S3 requests, written:** of one more run, not timed, through a proxy that counts; a script has no store.
- **others:** the share of the machine that went to anything else meanwhile. Figures with more than {idle:.0%} were not
  taken on an idle machine.
- Of several runs the one with the median time is told.
"""


def page(results: Sequence[Result]) -> str:
    """The page, from everything that was measured."""
    parts = [_HEAD, _about(results), _targets(results)]
    parts += [_scale(results, scale) for scale in sorted({result.scale for result in results})]
    parts += [_deliveries(results), profiles(results), _METHOD.format(idle=IDLE_SHARE)]
    return "\n".join(part for part in parts if part)


def _about(results: Sequence[Result]) -> str:
    newest = max(results, key=lambda result: result.session)
    days = sorted({result.taken for result in results})
    sessions = len({result.session for result in results})
    said = [f"{name} {value}" for name, value in newest.machine.items() if name not in ("cores", "processor")]
    lines = [
        f"Taken {days[0] if len(days) == 1 else f'from {days[0]} to {days[-1]}'}"
        f"{f', in {sessions} starts of the command' if sessions > 1 else ''}, on {newest.machine['cores']} cores "
        f"({newest.machine['processor']}): {', '.join(said)}.",
    ]
    if len({tuple(sorted(result.machine.items())) for result in results}) > 1:
        lines.append("**Not all figures were taken on the same machine with the same versions.**")
    loaded = sum(result.median.others > IDLE_SHARE for result in results)
    if loaded:
        lines.append(
            f"**The machine was not idle:** for {loaded} of {len(results)} figures something else took more than "
            f"{IDLE_SHARE:.0%} of it (column others). Times are too long then, and ratios of them uncertain."
        )
    return "\n".join(lines) + "\n"


def _targets(results: Sequence[Result]) -> str:
    rows = [[verdict.target, verdict.found, verdict.said] for verdict in verdicts(results)]
    return "## Targets\n\n" + table(["target", "found", ""], rows, "lrl")


def _scale(results: Sequence[Result], scale: float) -> str:
    own = find(results, EMBEDDED, scale)
    rows = []
    for contender in CONTENDERS:
        one = find(results, contender.name, scale)
        if one is None:
            continue
        run = one.median
        beside = f"{run.wall / own.median.wall:.2f}" if own else ""
        requests = f"{sum(one.trace.requests.values()):,}" if one.trace else ""
        written = f"{one.written_bytes / 1e6:,.1f}" if one.written_bytes is not None else ""
        rows.append(
            [
                contender.title,
                f"{run.wall:.1f}",
                beside,
                f"{run.inside:.1f}",
                f"{run.cpu:.1f}",
                f"{run.peak_bytes / 1e6:,.0f}",
                requests,
                written,
                str(len(one.runs)),
                f"{run.others:.0%}",
            ]
        )
    head = [
        "",
        "whole, s",
        "times ours",
        "inside, s",
        "CPU, s",
        "memory, MB",
        "S3 requests",
        "written, MB",
        "runs",
        "others",
    ]
    size = next(result.json_bytes for result in results if result.scale == scale)
    return f"## Scale {scale:g}: {size / 1e6:,.1f} MB of JSON\n\n" + table(head, rows, "l" + "r" * 9)


def _deliveries(results: Sequence[Result]) -> str:
    own = [(one, one.delivered.run) for one in results if one.contender == EMBEDDED and one.delivered]
    if not own:
        return ""
    rows = [
        [
            f"{result.scale:g}",
            f"{result.median.inside:.1f}",
            f"{run.inside:.1f}",
            f"{run.inside / result.median.inside:.2f}",
            f"{run.wall - run.inside:.1f}",
            f"{run.cpu:.1f}",
            f"{run.peak_bytes / 1e6:,.0f}",
            f"{run.others:.0%}",
        ]
        for result, run in own
    ]
    head = [
        "scale",
        "full run, s",
        "with 1% more, s",
        "share",
        "before and after it, s",
        "CPU, s",
        "memory, MB",
        "others",
    ]
    said = ["## A delivery of one per cent\n", table(head, rows, "r" * len(head))]
    (few, least), (many, _) = own[0], own[-1]
    if few is not many:
        said.append(
            f"A tenth of the full run at scale {many.scale:g} is {many.median.inside / 10:.1f} s. At scale "
            f"{few.scale:g} there is next to nothing to read, and the run with 1% more takes {least.inside:.1f} s.\n"
        )
    return "\n".join(said)


def counts(rows: Mapping[str, int]) -> str:
    """Rows by table, in words."""
    return ", ".join(f"{name} {count:,}" for name, count in rows.items())
