"""What a subject is found to be. Nothing that looks."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "wrong", "not running", "not reachable"]


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, its state, what was found. `remedy`: what to do, of what is not fine."""

    what: str
    state: State
    found: str
    remedy: str = ""

    @property
    def is_fine(self) -> bool:
        """What is not running is fine: it is started when needed."""
        return self.state in ("ok", "not running")
