"""What a Glue job is told: settings and the run's policy, as job arguments that everyone may read.

Here: making arguments and reading them. No secret is ever among them: keys come from Secrets Manager.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stedi_assets.policy import Policy, policy_of
from stedi_assets.settings import SPARK, Settings

# Settings that a job goes by; each is an argument of the same name, --STEDI_BUCKET and so on.
_PASSED = {
    "STEDI_ENV": "env",
    "STEDI_BUCKET": "bucket",
    "STEDI_REGION": "region",
    "STEDI_PREFIX": "prefix",
    "STEDI_MAX_QUARANTINE_SHARE": "max_quarantine_share",
    "STEDI_MAX_OBJECT_BYTES": "max_object_bytes",
    "STEDI_MAX_VALUE_BYTES": "max_value_bytes",
    "STEDI_RETENTION_DAYS": "retention_days",
    "STEDI_AUDIT_TIMEOUT_SECONDS": "audit_timeout_seconds",
    "STEDI_CONSENT": "consent",
    "STEDI_SERIALS": "serials",
    "STEDI_MINIMUM_SUBJECTS": "minimum_subjects",
    "STEDI_PSEUDONYM_SECRET_ID": "pseudonym_secret",
    "STEDI_ERASURE_SECRET_ID": "erasure_secret",
}


@dataclass(frozen=True)
class Order:
    """One job's work: as `Lakehouse` has it. run_id: of the Dagster run, or of the job's own."""

    settings: Settings
    policy: Policy
    landing: str = ""
    expect: str = "none"
    run_id: str = ""
    full: bool = False

    def arguments(self) -> dict[str, str]:
        """The job arguments that make this order; those that would be empty are left out, as Glue refuses them."""
        given = {f"--{name}": str(getattr(self.settings, attribute)) for name, attribute in _PASSED.items()}
        given |= {"--STEDI_CONSENT": self.policy.consent, "--STEDI_SERIALS": self.policy.serials}
        given |= {"--as_of_ms": str(self.policy.as_of_ms), "--run_id": self.run_id}
        given |= {"--landing": self.landing, "--expect": self.expect, "--full": "yes" if self.full else ""}
        return {name: value for name, value in given.items() if value}


def read_order(arguments: Sequence[str]) -> Order:
    """The order in a job's arguments, beside which Glue puts its own. Raises SettingsError.

    What is computed with here is a Spark of AWS's; a home is needed for nothing that has to last.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for name in _PASSED:
        parser.add_argument(f"--{name}")
    parser.add_argument("--as_of_ms", type=int, default=int(time.time() * 1000))
    parser.add_argument("--run_id", default="")
    parser.add_argument("--landing", default="")
    parser.add_argument("--expect", default="none")
    parser.add_argument("--full", default="")
    given = parser.parse_known_args(arguments)[0]
    named = {name: getattr(given, name) for name in _PASSED if getattr(given, name) is not None}
    home = {"STEDI_HOME": str(Path(tempfile.gettempdir()) / "stedi")}
    settings = Settings.load({**home, **os.environ, "STEDI_ENGINE": SPARK, **named})
    policy = policy_of(settings, given.as_of_ms)
    run_id = given.run_id or os.environ.get("JOB_RUN_ID", "")
    return Order(settings, policy, given.landing, given.expect, run_id, full=given.full == "yes")
