"""Who the customers are and what they consented to since when: all of it plainly invented.

Readings are `schedule` and `motions`. An e-mail and a serial hold marks for what differs from copy to copy.
"""

import unicodedata
from dataclasses import dataclass
from itertools import product

from stedi_assets.synthetic import figures
from stedi_assets.synthetic.draw import Draw
from stedi_assets.synthetic.marks import BATCH, COPY
from stedi_assets.synthetic.schedule import Step

GIVEN_NAMES = """
Ailsa Anouk Bérénice Bram Calla Corwin Dagny Dorrit Elowen Émile Fenna Florian Gudrun Hadrian Ilse Ioana
Jorinde Kaspar Kerensa Leocadia Ludo Maëlle Merrick Nerys Odilo Ottoline Peregrine Perpetua Quill Rhiannon
Rosalba Sigrún Søren Tamsin Thaddeus Ursule Verity Wendelin Xanthe Zoë
"""
SURNAMES = """
Amberfell Årstad Birchwhistle Bramblecote Copperdale Dünenfeld Eastermoor Fennimark Gooseberry Hollowbrook
Inglemere Jasperton Kettlewick Larkspurn Mosshaven Núñezfield Oatencroft Pebbleworth Quickthorn Rookminster
Saltmarshe Thistleby Underbarrow Vellacombe Wrenfold Yarrowgate Zephyrine
"""
LATE_UPDATE = (55_000, 70_000)  # after registration
EXACTLY_ON_A_READING = 16  # one in so many consents dates from the millisecond of the first reading it covers


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer; dates are milliseconds within a world, None where there is no consent."""

    name: str
    email: str
    phone: str
    birth_day: str
    serial: str
    registration: int
    last_update: int
    research: int | None
    public: int | None
    friends: int | None


@dataclass(frozen=True, slots=True)
class Dates:
    """What the customer did when."""

    registration: int
    last_update: int
    research: int | None


def customers(draw: Draw, steps_of: list[list[Step]], before: list[int]) -> list[Customer]:
    """The customers in the order of `steps_of`; `before` has the number of steps before each consent."""
    everyone = range(figures.CUSTOMERS)
    names = draw.some(product(GIVEN_NAMES.split(), SURNAMES.split()), figures.CUSTOMERS)
    public = set(draw.some(everyone, figures.SHARING_WITH_PUBLIC))
    friends = set(draw.some(everyone, figures.SHARING_WITH_FRIENDS))
    dates = _dates(draw, steps_of, before)
    return [
        Customer(
            name=f"{given} {surname}",
            email=f"{_plain(given)}.{_plain(surname)}{COPY}@example.com",
            phone=f"5550100{customer:03d}",
            birth_day=f"{draw.between(1940, 2005)}-{draw.between(1, 12):02d}-{draw.between(1, 28):02d}",
            serial=_serial(draw),
            registration=dates[customer].registration,
            last_update=dates[customer].last_update,
            research=dates[customer].research,
            public=dates[customer].last_update if customer in public else None,
            friends=dates[customer].last_update if customer in friends else None,
        )
        for customer, (given, surname) in enumerate(names)
    ]


def _dates(draw: Draw, steps_of: list[list[Step]], before: list[int]) -> list[Dates]:
    late_consent = range(figures.UPDATED_TO_CONSENT)  # among them all who step only before consent
    late_update = range(figures.CONSENTING, figures.CONSENTING + figures.UPDATED_WITHOUT_CONSENT)
    dates = []
    for customer, steps in enumerate(steps_of):
        consenting = customer < figures.CONSENTING
        turn = before[customer] if consenting else draw.below(14)
        moment = _moment(draw, [step.time for step in steps], turn)
        late = draw.between(*LATE_UPDATE)
        if customer in late_consent:
            again = late if customer < figures.UPDATED_AGAIN_AFTER_CONSENT else 0
            dates.append(Dates(moment - late, moment + again, moment))
        elif customer in late_update:
            dates.append(Dates(moment, moment + late, None))
        else:
            dates.append(Dates(moment, moment, moment if consenting else None))
    return dates


def _moment(draw: Draw, times: list[int], turn: int) -> int:
    """A time after the first so many readings and not after the next."""
    earliest = times[turn - 1] + 1 if turn > 0 else times[0] - 30_000
    latest = times[turn] if turn < len(times) else times[-1] + 30_000
    return latest if draw.below(EXACTLY_ON_A_READING) == 0 else draw.between(earliest, latest)


def _serial(draw: Draw) -> str:
    """A random UUID (version 4) but for the second group, which tells the copies apart."""
    time, version = draw.below(1 << 32), 0x4000 + draw.below(1 << 12)
    clock, node = 0x8000 + draw.below(1 << 14), draw.below(1 << 48)
    return f"{time:08x}-{BATCH}-{version:04x}-{clock:04x}-{node:012x}"


def _plain(name: str) -> str:
    """The name in ASCII, as in an e-mail address."""
    spelled_out = name.replace("ø", "o")
    return unicodedata.normalize("NFKD", spelled_out).encode("ascii", "ignore").decode()
