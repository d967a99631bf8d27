"""The figures that one synthetic world reproduces exactly: published or measured on the reference set.

Only numbers belong here. How they are reached is told by `schedule` (times), `motions` (accelerometer
readings) and `people` (consent dates).
"""

from enum import StrEnum


class Phase(StrEnum):
    """Where a reading stands to its customer's consent; the letters spell the keys of SHARED."""

    AFTER = "A"
    BEFORE = "B"  # its customer has later readings, after consent
    ONLY_BEFORE = "O"  # its customer has no reading after consent
    NEVER = "N"


CUSTOMERS = 956
CONSENTING = 482
CONSENTING_AFTER_ALL_READINGS = 18

STEPS_PER_CUSTOMER = 30
STEPS_BEFORE_CONSENT = 3_163

USUAL_MOTIONS_PER_STEP = 3
# How far the busiest steps exceed the usual number, and in which phase they are.
SURPLUS_MOTIONS = {Phase.AFTER: (1,), Phase.NEVER: (2, 3)}
MOTIONS_OF_CUSTOMER = range(77, 91)
MOTIONS = 81_273
MOTIONS_TRUSTED = 40_981
MOTIONS_AFTER_CONSENT = 32_025

# Rows of step readings joined with accelerometer readings on the timestamp alone, consenting customers only.
JOINED = 43_681
JOINED_AFTER_CONSENT = 34_253  # both readings at or after their customer's consent
JOINED_MOTION_AFTER_CONSENT = 34_437  # only the motion has to be
JOINED_STEP_AFTER_CONSENT = 34_435  # only the step has to be

# How many timestamps are shared by customers whose readings are in these phases (see Phase). Of 27,110
# timestamps 1,399 are shared by two customers, 77 by three, 3 by four, 2 by five; leaving out those who never
# consented, 423 by two and 16 by three. Nobody in phase O shares one with another consenting customer.
SHARED = {
    "AAANN": 2,
    "AANN": 3,
    "AAA": 14,
    "AAN": 25,
    "ANN": 25,
    "NNN": 13,
    "AA": 312,
    "AB": 64,
    "BB": 19,
    "AN": 530,
    "BN": 120,
    "NO": 30,
    "NN": 324,
}

# Customers with a later update than their registration, and what they did then.
UPDATED_TO_CONSENT = 23  # of the consenting; the rest consented on registration
UPDATED_AGAIN_AFTER_CONSENT = 3  # of those
UPDATED_WITHOUT_CONSENT = 21
SHARING_WITH_PUBLIC = 491
SHARING_WITH_FRIENDS = 508
