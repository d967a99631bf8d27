"""`python -m benchmarks`, or `make bench`: measures, keeps the results, writes the page.

Here: the command and the order of things. Who fails, or has other rows than the others, is left out and told at the
end, which is 1 then; the others are measured and kept all the same.
"""

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.contender import Contender, Done
from benchmarks.contenders import CONTENDERS
from benchmarks.data import Data, data_of
from benchmarks.machine import machine
from benchmarks.measuring import CommandError
from benchmarks.page import counts, page
from benchmarks.plot import time_by_scale
from benchmarks.results import FOLDER, Result, Results
from stedi_assets.lakehouse import services
from stedi_assets_tests.support.commands import REPOSITORY

SCALES = "1,10,50,200"
NAMES = [contender.name for contender in CONTENDERS]


def _listed(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str]:
    return [part for text in given for part in text.split(",") if part]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--scale", "scales", multiple=True, default=[SCALES], callback=_listed, help=f"Default: {SCALES}.")
@click.option("--only", multiple=True, callback=_listed, help=f"Of {', '.join(NAMES)}.")
@click.option("--repeat", type=click.IntRange(1), help="Runs each. Default: 3 up to scale 10, then 1.")
@click.option("--resume", is_flag=True, help="Measure only what there is no result of.")
@click.option("--page", "page_only", is_flag=True, help="Measure nothing: write the page anew from the results.")
@click.option("--results", type=click.Path(path_type=Path), default=FOLDER, help="Folder of the results.")
@click.option("--out", type=click.Path(path_type=Path), default=REPOSITORY / "docs", help="Folder of the page.")
@click.option("--work", type=click.Path(path_type=Path), default=REPOSITORY / ".stedi" / "benchmarks", help="Scratch.")
def bench(
    scales: list[str],
    only: list[str],
    repeat: int | None,
    resume: bool,
    page_only: bool,
    results: Path,
    out: Path,
    work: Path,
) -> None:
    """Measure the product beside plain scripts for the same job, and write docs/benchmarks.md."""
    if unknown := set(only) - set(NAMES):
        raise click.UsageError(f"--only: {', '.join(sorted(unknown))} is none of {', '.join(NAMES)}")
    kept, failed = Results(results.resolve()), list[str]()
    kept.all()  # one that cannot be read is told now, not after an hour
    if not page_only:
        session = datetime.now(UTC).isoformat(timespec="seconds")
        chosen = [contender for contender in CONTENDERS if not only or contender.name in only]
        failed = [
            said
            for scale in map(_scale, scales)
            for said in _measure(scale, chosen, repeat, kept, resume, work.resolve(), session)
        ]
    if kept.all() or not failed:
        _write(kept, out)
    if failed:
        raise click.ClickException("; ".join(failed))


def _scale(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"--scale: {text} is no number") from None


def _measure(
    scale: float,
    contenders: list[Contender],
    repeat: int | None,
    kept: Results,
    resume: bool,
    work: Path,
    session: str,
) -> list[str]:
    """Measures them at that scale, keeps what came of it; says who failed, and how."""
    wanted = [one for one in contenders if not (resume and kept.has(one.name, scale))]
    if not wanted:
        return []
    _say(f"scale {scale:g}: generating")
    try:
        data = data_of(scale, work)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    failed = []
    for contender in wanted:
        _say(f"scale {scale:g}: {contender.name}")
        place = work / contender.name
        services.stop(place / "home")  # of a command that was killed
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        try:
            done = contender.measure(data, place, repeat or (3 if scale <= 10 else 1))
            _refuse_other_rows(kept, contender, data, done)
        except CommandError as error:
            failed.append(f"scale {scale:g}: {error}")
            _say(failed[-1])
            continue
        result = _result(contender, data, done, session)
        kept.keep(result)
        shutil.rmtree(place)
        median = result.median
        _say(
            f"scale {scale:g}: {contender.name}: {median.wall:.1f} s, inside {median.inside:.1f} s, "
            f"CPU {median.cpu:.1f} s, {median.peak_bytes / 1e6:,.0f} MB, others {median.others:.0%}"
        )
    shutil.rmtree(data.folder)
    return failed


def _result(contender: Contender, data: Data, done: Done, session: str) -> Result:
    return Result(
        contender=contender.name,
        scale=data.scale,
        json_bytes=data.bytes,
        taken=time.strftime("%Y-%m-%d", time.gmtime()),
        machine=machine(),
        rows=done.rows,
        runs=done.runs,
        written_bytes=done.written_bytes,
        trace=done.trace,
        session=session,
        steps=done.steps,
        delivered=done.delivered,
    )


def _refuse_other_rows(kept: Results, contender: Contender, data: Data, done: Done) -> None:
    """Whoever has other rows does another job: its times would mean nothing. Raises CommandError."""
    for other in kept.all():
        if other.scale == data.scale and dict(other.rows) != dict(done.rows):
            raise CommandError(
                f"{contender.name} has other rows than {other.contender}: expected {counts(other.rows)}; found "
                f"{counts(done.rows)}. Nothing of it is kept: mend the one that is wrong, or delete the other's result"
            )


def _write(kept: Results, out: Path) -> None:
    results = kept.all()
    if not results:
        raise click.ClickException("no results yet: measure some")
    out.mkdir(parents=True, exist_ok=True)
    (out / "benchmarks.md").write_text(page(results))
    (out / "benchmarks.png").write_bytes(time_by_scale(results))
    _say(f"written: {out / 'benchmarks.md'}")


def _say(words: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')}  {words}", file=sys.stderr)


if __name__ == "__main__":
    bench()
