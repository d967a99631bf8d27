"""How many rows a run is expected to publish.

Here: the published counts of the reference set, and reading expectations from a file. Not here: comparing (`audits`).
"""

import json
from pathlib import Path

REFERENCE: dict[str, int] = {
    "customer_landing": 956,
    "accelerometer_landing": 81_273,
    "step_trainer_landing": 28_680,
    "landing_quarantine": 0,
    "customer_trusted": 482,
    "accelerometer_trusted": 40_981,
    "customers_curated": 482,
    "step_trainer_trusted": 14_460,
    "machine_learning_curated": 43_681,
}
# The counts that differ where only readings at or after the customer's consent date are used.
AT_READING: dict[str, int] = {
    "accelerometer_trusted": 32_025,
    "customers_curated": 464,
    "step_trainer_trusted": 11_297,
    "machine_learning_curated": 34_253,
}


class ExpectationsError(ValueError):
    """Expectations that cannot be read: what was expected, what was found."""


def read_expectations(given: str, consent: str = "published") -> dict[str, int]:
    """Rows by table: `reference`, `none`, {"TABLE": ROWS} as JSON or a file with that. Raises ExpectationsError.

    The reference set's counts are those of the consent policy.
    """
    if given == "none":
        return {}
    if given == "reference":
        return {**REFERENCE, **(AT_READING if consent == "at-reading" else {})}
    try:
        content = json.loads(given if given.startswith("{") else Path(given).read_text())
    except OSError as error:
        raise ExpectationsError(
            f"--expect {given}: cannot be read ({error.strerror}); reference, none or a JSON file is expected"
        ) from None
    except ValueError:
        raise ExpectationsError(f'--expect {given}: is not JSON; {{"TABLE": ROWS}} is expected') from None
    if not isinstance(content, dict) or not all(_is_count(count) for count in content.values()):
        raise ExpectationsError(f'--expect {given}: {{"TABLE": ROWS}} with whole numbers from 0 on is expected')
    if unknown := sorted(set(content) - set(REFERENCE)):
        raise ExpectationsError(f"--expect {given}: no such table: {', '.join(unknown)}; known: {', '.join(REFERENCE)}")
    return content


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
