"""The consent policy of a run, named once: whose readings are used, and from when on.

Here: the policies' names, what each means, and the parameters that audits ask them by. Not here: the rule itself as it
is computed (`transforms.consent`) and as it is counted again (`contracts.consenting`).

Who agrees is the same under every policy: the newest record governs; it agrees from its date on, if that is set and
reached when the run starts; records that tie for the newest agree only together, from the latest of their dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from stedi_assets.settings import Settings, SettingsError

Consent = Literal["published", "at-reading"]
Serials = Literal["published", "unambiguous"]

# Names of facts that are asked for again where a table was made by an earlier run's policy.
SERIALS, MINIMUM_SUBJECTS = "stedi.serials", "stedi.minimum-subjects"


@dataclass(frozen=True)
class Policy:
    """What one run goes by.

    as_of_ms: when the run started (epoch ms); a consent that begins later is none yet.
    consent: `published`, readings of whoever agrees when the run starts; `at-reading`, of these only the readings,
        of both devices, taken at or after their customer's consent date.
    serials: `published`, step readings whose serial is a curated customer's; `unambiguous`, of these only where
        everyone who was ever recorded with that serial agrees (under `at-reading`: had agreed when it was taken).
    minimum_subjects: with fewer customers than this, but not none, the training table is published empty.
    """

    as_of_ms: int
    consent: Consent = "published"
    serials: Serials = "published"
    minimum_subjects: int = 0

    @property
    def sql_parameters(self) -> dict[str, str]:
        """What stands for $NAME in the queries of checks."""
        return {
            "as_of_ms": str(self.as_of_ms),
            "at_reading": str(self.consent == "at-reading").lower(),
            "unambiguous": str(self.serials == "unambiguous").lower(),
            "minimum_subjects": str(self.minimum_subjects),
        }

    @property
    def rules(self) -> dict[str, object]:
        """What it says, whenever the run starts."""
        return {"consent": self.consent, "serials": self.serials, "minimum_subjects": self.minimum_subjects}

    @property
    def facts(self) -> Mapping[str, str]:
        """What is kept beside a table that was made by it."""
        return {
            "stedi.as-of-ms": str(self.as_of_ms),
            "stedi.consent": self.consent,
            SERIALS: self.serials,
            MINIMUM_SUBJECTS: str(self.minimum_subjects),
        }


def policy_of(settings: Settings, as_of_ms: int, consent: str = "", serials: str = "") -> Policy:
    """The policy by its names; an empty name stands for the setting's. Raises SettingsError."""
    return Policy(
        as_of_ms=as_of_ms,
        consent=cast(Consent, _known("consent", consent or settings.consent, get_args(Consent))),
        serials=cast(Serials, _known("serials", serials or settings.serials, get_args(Serials))),
        minimum_subjects=settings.minimum_subjects,
    )


def _known(what: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise SettingsError(f"the policy {what} is {name!r}: {' or '.join(names)} is expected")
    return name
