"""One world as JSON objects, one a line, with marks where its copies differ.

Here: field names, their order and the values of the readings. Which readings there are is `schedule` and
`motions`, and files are `landing`.
"""

import json
from itertools import product

from stedi_assets.synthetic.draw import Draw
from stedi_assets.synthetic.marks import timestamp
from stedi_assets.synthetic.motions import assign_motions
from stedi_assets.synthetic.people import Customer, customers
from stedi_assets.synthetic.schedule import Step, schedule, steps_before_consent

SEED = 20_230_328
POSITIONS = list(product((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0), (-1.0, 0.0)))
DISTANCE = (201, 299)


def world() -> dict[str, list[bytes]]:
    """The lines of each source."""
    draw = Draw(SEED)
    before = steps_before_consent(draw)
    steps_of = schedule(draw, before)
    assign_motions(draw, steps_of)
    people = customers(draw, steps_of, before)
    walks = list(zip(people, steps_of, strict=True))
    lines = {
        "customer": [_customer(person) for person in draw.shuffled(people)],
        "accelerometer": [line for walk in draw.shuffled(walks) for line in _accelerometer(draw, *walk)],
        "step_trainer": [line for walk in draw.shuffled(walks) for line in _step_trainer(draw, *walk)],
    }
    return {source: [line.encode("ascii") for line in texts] for source, texts in lines.items()}


def _customer(person: Customer) -> str:
    texts = {
        "customerName": person.name,
        "email": person.email,
        "phone": person.phone,
        "birthDay": person.birth_day,
        "serialNumber": person.serial,
    }
    dates = {
        "registrationDate": person.registration,
        "lastUpdateDate": person.last_update,
        "shareWithResearchAsOfDate": person.research,
        "shareWithPublicAsOfDate": person.public,
        "shareWithFriendsAsOfDate": person.friends,
    }
    # Times are spliced in as text: a mark is no JSON number.
    stamped = [f'"{field}": {timestamp(date)}' for field, date in dates.items() if date is not None]
    return ", ".join([json.dumps(texts)[:-1], *stamped]) + "}\n"


def _accelerometer(draw: Draw, person: Customer, steps: list[Step]) -> list[str]:
    return draw.shuffled(
        f'{{"user":"{person.email}","timestamp":{timestamp(step.time)},"x":{x},"y":{y},"z":{z}}}\n'
        for step in steps
        for x, y, z in draw.some(POSITIONS, step.motions)
    )


def _step_trainer(draw: Draw, person: Customer, steps: list[Step]) -> list[str]:
    return draw.shuffled(
        f'{{"sensorReadingTime":{timestamp(step.time)},"serialNumber":"{person.serial}",'
        f'"distanceFromObject":{draw.between(*DISTANCE)}}}\n'
        for step in steps
    )
