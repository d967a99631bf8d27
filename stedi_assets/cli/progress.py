"""What a run is doing while it does it: a moving line on a terminal, plain lines elsewhere, on standard error.

Only display; the events come from Dagster.
"""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from stedi_assets.cli.terminal import printable

if TYPE_CHECKING:
    from dagster import EventLogEntry


class Progress:
    """Use as a context; `say` and `on_event` tell it what goes on. `quiet`: it shows nothing of it."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._status: Any = None

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """What is going on now."""
        if self._status is not None:
            from rich.markup import escape

            self._status.update(escape(printable(text)))
        elif not self._quiet:
            try:
                sys.stderr.write(f"{printable(text)}\n")
                sys.stderr.flush()
            except BrokenPipeError:  # nobody looks any more: no reason for the run to fail
                self._quiet = True

    def on_event(self, entry: "EventLogEntry") -> None:
        """One event of the run."""
        event = entry.dagster_event
        if event is None:
            return
        if event.event_type_value == "STEP_START":
            self.say(f"building {(event.step_key or '').split('__')[-1]}")
        elif event.event_type_value == "ASSET_MATERIALIZATION" and entry.asset_materialization is not None:
            rows = entry.asset_materialization.metadata.get("dagster/row_count")
            self.say(f"published {event.asset_key.path[-1]}: {rows.value if rows else '?'} rows")  # type: ignore[union-attr]
