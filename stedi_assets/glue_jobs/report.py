"""What a job tells of its work: what it published, the verdicts, why it failed.

Here: the messages that travel through Dagster Pipes, both ends. Not here: what Dagster makes of them
(`assets.by_glue`). A message holds numbers, names of tables and columns, and snapshots; no value of a personal column.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from stedi_assets.audits import Verdict
from stedi_assets.lakehouse.publication import Published


class Sink(Protocol):
    """Takes messages: Dagster Pipes, or nothing where a job was started by hand."""

    def report_custom_message(self, payload: Any) -> None:
        """Takes one message, which is JSON."""


@dataclass(frozen=True)
class Publication:
    """A table that a job has published: the first rows as shown, and the verdicts that let it pass.

    is_new: whether this job published it, or found it as it is to be.
    """

    contract: str
    published: Published
    preview: str
    verdicts: Sequence[Verdict]
    is_new: bool = True


@dataclass
class JobReport:
    """All that a job told. `refused`: verdicts of tables that it did not publish; `failure`: why it ended badly."""

    publications: list[Publication] = field(default_factory=list)
    refused: list[Verdict] = field(default_factory=list)
    failure: str = ""

    def send(self, sink: Sink) -> None:
        """Tells all of it in one message."""
        sink.report_custom_message(asdict(self))

    @classmethod
    def read(cls, messages: Sequence[Any]) -> "JobReport":
        """What the messages of a job say; empty where it told nothing."""
        if not messages:
            return cls()
        told = messages[-1]
        return cls(
            publications=[
                Publication(
                    contract=one["contract"],
                    published=replace(Published(**one["published"]), files=tuple(one["published"]["files"])),
                    preview=one["preview"],
                    verdicts=_verdicts(one["verdicts"]),
                    is_new=one["is_new"],
                )
                for one in told["publications"]
            ],
            refused=_verdicts(told["refused"]),
            failure=told["failure"],
        )


def _verdicts(told: Sequence[dict[str, Any]]) -> list[Verdict]:
    return [Verdict(**one) for one in told]
