"""How a command ends: its exit status, and a failure in one sentence without a traceback.

Here: interruptions, readers that left, and wrong usage. Not here: which other failures are the user's to mend, and
what is said of them (`errors`).
"""

import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import click

from stedi_assets.cli.terminal import in_colour, printable

if TYPE_CHECKING:
    from dagster import ExecuteInProcessResult

COMPLETE = "_STEDI_COMPLETE"  # by which a shell asks for completions, and click's scripts for it
# As shells have it: 128 and the signal's number, of SIGINT and SIGPIPE.
INTERRUPTED = 130
NOBODY_READS = 141
_DAGSTERS = "DagsterExecutionInterruptedError"  # what becomes of Ctrl-C between two steps, or in one


def carry_out(command: click.Command) -> int:
    """The command with this process's arguments; its exit status. An error that is not the user's passes as it is."""
    try:
        status = _status_of(command)
        sys.stdout.flush()
    except (OSError, click.ClickException) as error:
        _forget_output(sys.stdout)
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return NOBODY_READS
        return _said(error)
    except Exception as error:
        return _said(error)
    except BaseException as error:
        if not _is_interruption(error):
            raise
        _say(f"interrupted; {str(error) or 'what is published is whole, what was not finished is unchanged'}")
        return INTERRUPTED
    return status


def refuse_interrupted(result: "ExecuteInProcessResult", said: str = "") -> None:
    """Raises KeyboardInterrupt for a run that Ctrl-C ended: Dagster puts that down as a failed step."""
    failed = (event.step_failure_data.error for event in result.all_node_events if event.is_step_failure)
    if any(error is not None and error.cls_name == _DAGSTERS for error in failed):
        raise KeyboardInterrupt(said)


def completion_script(command: click.Command, shell: str) -> str:
    """Return the script by which a shell completes the words of a command."""
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None
    return script(command, {}, "stedi", COMPLETE).source()


def _status_of(command: click.Command) -> int:
    """Not by click's own `main`, which says usage errors in several lines and ends at a broken pipe as at a failure."""
    if asked := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(command, {}, "stedi", COMPLETE, asked)
    try:
        with command.make_context("stedi", sys.argv[1:]) as context:
            command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def _said(error: Exception) -> int:
    """Says it; the exit status. Raises what is no error of the user's."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.ClickException):
        message = " ".join(error.format_message().split()).replace(". Did you mean", ", did you mean").rstrip(".")
        context = getattr(error, "ctx", None)
        _say(f"{message} (see {context.command_path} --help)" if context else message)
        return error.exit_code
    from stedi_assets.cli.errors import sentence_of, status_of

    sentence = sentence_of(error)
    if sentence is None:
        raise error
    _say(sentence)
    return status_of(error)


def _say(sentence: str) -> None:
    with suppress(OSError):
        click.echo(f"{in_colour('stedi:', 'red', sys.stderr)} {printable(sentence)}", err=True)


def _is_interruption(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) or type(error).__name__ == _DAGSTERS


def _nobody_reads() -> bool:
    """Whether the pipe that was broken is that of the output: connections break as well."""
    asked = select.poll()
    asked.register(1, 0)
    return any(event & select.POLLERR for _, event in asked.poll(0))


def _forget_output(stream: TextIO) -> None:
    """What could not be written must not be tried again when Python ends: that would be a second complaint."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
