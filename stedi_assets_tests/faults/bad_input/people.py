"""Customers whose consent is a question: records as they arrive, and whether they may be in any table after a run.

Points 10 to 13. Each has one motion and one step reading at the same time, on a device of their own.
"""

from typing import Any, NamedTuple

from stedi_assets_tests.support.lake import AGREED, TAKEN, customer, motion, step

LATER, AFTER_ANY_RUN = AGREED + 1, 4_000_000_000_000


class Person(NamedTuple):
    """`records`: in the files of that order, one for each. serial "": none."""

    point: int
    name: str
    consents: bool
    records: tuple[dict[str, Any], ...]
    serial: str
    spelled: str

    @property
    def customer(self) -> str:
        return f"{self.name.replace(' ', '-')}@people.example"

    def readings(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return motion(self.spelled), step(self.serial or "serial-of-nobody")


def _person(point: int, name: str, consents: bool, *records: tuple[Any, int], **more: str) -> Person:
    """`records`: consent date (ABSENT: the key is not there) and date of update."""
    email = f"{name.replace(' ', '-')}@people.example"
    serial = more.get("serial", f"serial-{name}")
    emails = (more.get("first", email), more.get("then", email))
    made = [
        customer(emails[min(n, 1)], serial, None, updated)
        | ({} if since is ABSENT else {"shareWithResearchAsOfDate": since})
        for n, (since, updated) in enumerate(records)
    ]
    if not serial:
        made = [{key: value for key, value in record.items() if key != "serialNumber"} for record in made]
    return Person(point, name, consents, tuple(made), serial, more.get("reading", email))


ABSENT = object()
SET, CLEARED = (AGREED, AGREED), (ABSENT, LATER)
PEOPLE = (
    _person(10, "agreed", True, SET),
    _person(10, "set then cleared", False, SET, CLEARED),
    _person(10, "cleared in a file before", False, CLEARED, SET),
    _person(10, "cleared by null", False, SET, (None, LATER)),
    _person(10, "cleared by zero", False, SET, (0, LATER)),
    _person(10, "cleared by a blank", False, SET, ("", LATER)),
    _person(10, "cleared by a time to come", False, SET, (AFTER_ANY_RUN, LATER)),
    _person(10, "cleared by a time far ahead", False, SET, (9_999_999_999_999, LATER)),
    _person(10, "cleared by a time below zero", False, SET, (-1, LATER)),
    _person(10, "cleared then set", True, (ABSENT, AGREED), (AGREED, LATER)),
    _person(10, "a tie of yes and no", False, SET, (ABSENT, AGREED)),
    _person(10, "a tie of no and yes", False, (ABSENT, AGREED), SET),
    _person(10, "a tie of yes and later", False, SET, (AFTER_ANY_RUN, AGREED)),
    _person(10, "a tie of two that agree", True, SET, (AGREED - 5, AGREED)),
    _person(10, "an exact repetition", True, SET, SET),
    _person(10, "never asked", False, (ABSENT, AGREED)),
    _person(10, "null", False, (None, AGREED)),
    _person(10, "zero", False, (0, AGREED)),
    _person(10, "zero as text", False, ("0", AGREED)),
    _person(10, "a time as text", True, (str(AGREED), AGREED)),
    _person(11, "withdraws in a later delivery", True, SET),
    _person(11, "withdraws by another spelling", True, SET),
    _person(13, "without a serial", True, SET, serial=""),
    _person(13, "case", True, SET, first="CASE@People.Example", reading="case@PEOPLE.example"),
    _person(13, "blanks", True, SET, first=" blanks@people.example\t", reading="blanks@people.example\u00a0"),
    _person(13, "cleared by case", False, SET, CLEARED, then="Cleared-By-Case@PEOPLE.example"),
    _person(13, "cleared by blanks", False, SET, CLEARED, then="\tcleared-by-blanks@people.example "),
)

WITHDRAWN = tuple(person for person in PEOPLE if person.point == 11)
WITHDRAWAL = (
    customer(WITHDRAWN[0].customer, WITHDRAWN[0].serial, None, LATER),
    customer(f" {WITHDRAWN[1].customer.upper()}", "another", 0, LATER),
)

# Point 12: thirty serials of a thousand customers, who agree but for those of the last ten serials.
SHARERS = tuple(
    customer(f"c{n}@shared.example", f"shared-{n % 30}", AGREED if n % 30 < 20 else None) for n in range(1_000)
)
SHARED_MOTIONS = tuple(motion(f"c{n}@shared.example", TAKEN + 1 + n) for n in range(1_000))
SHARED_STEPS = tuple(step(f"shared-{n}", TAKEN + 5_000, 200 + again) for n in range(30) for again in (0, 1))
