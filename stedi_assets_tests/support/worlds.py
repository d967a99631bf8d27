"""A small world in which every check holds, and ways to spoil it: for the tests of audits.

Here: rows by table, an audit on them, seeds. Not here: which seed must fail which check (`test_audits`).
"""

from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from stedi_assets.audits import Audit, Verdict
from stedi_assets.audits.views import consent_views, mentions_of_the_erased, rows_of_the_erased
from stedi_assets.contracts import CONTRACTS, LANDING_QUARANTINE, SOURCES, contract_of
from stedi_assets.erasure.suppression import Suppression
from stedi_assets.keys import keyed_hash
from stedi_assets.policy import Policy
from stedi_assets.transforms.landing import ERASED, LISTED, TALLY
from stedi_assets.transforms.pseudonyms import key_frame
from stedi_assets_tests.support.frames import AGREED, PSEUDONYM_KEY, PUBLISHED, TAKEN, frame

Rows = list[dict[str, Any]]
World = dict[str, Rows]


def subject(customer: str) -> str:
    return keyed_hash(PSEUDONYM_KEY, "subject", customer)


def device(serial: str) -> str:
    return keyed_hash(PSEUDONYM_KEY, "device", serial)


A = {"email": "a@x", "serialnumber": "s1", "sharewithresearchasofdate": AGREED}
B = {"email": "B@x", "serialnumber": "s2", "sharewithresearchasofdate": AGREED}
NOBODY = {"email": "c@x", "serialnumber": "s3"}
SOUND: World = {
    "customer_landing": [A, B, NOBODY],
    "accelerometer_landing": [{"user": "A@x"}, {"user": "b@x"}, {"user": "c@x"}],
    "step_trainer_landing": [
        {"serialnumber": "s1"},
        {"serialnumber": "s2", "sensorreadingtime": TAKEN + 1},
        {"serialnumber": "s3"},
    ],
    "customer_trusted": [A, B],
    "accelerometer_trusted": [{"user": "A@x"}, {"user": "b@x"}],
    "customers_curated": [A, B],
    "step_trainer_trusted": [{"serialnumber": "s1"}, {"serialnumber": "s2", "sensorreadingtime": TAKEN + 1}],
    "machine_learning_curated": [
        {"device_id": device("s1"), "subject_id": subject("a@x")},
        {"device_id": device("s1"), "subject_id": subject("b@x"), "same_customer": False},
    ],
    "landing_quarantine": [
        {"source": source, "reason": "damaged", "raw": "{", "source_object": f"landing/{source}.json"}
        for source in SOURCES
    ],
    "tally": [
        {
            "source": source,
            "source_object": f"landing/{source}.json",
            "landed_bytes": 40,
            "text_bytes": 40,
            "objects": 4,
        }
        for source in SOURCES
    ],
    "objects": [
        {"source": source, "source_object": f"landing/{source}.json", "etag": source, "bytes": 40} for source in SOURCES
    ],
    "erased": [],
    "forgotten": [],
    "expectations": [{"name": "customer_trusted", "n": 2}],
}
for _source, _contract in SOURCES.items():
    for _place, _row in enumerate(SOUND[_contract.table]):
        _row.update(source_object=f"landing/{_source}.json", source_offset=10 * _place, source_bytes=10)
for _row in SOUND["landing_quarantine"]:
    _row.update(source_offset=30, source_bytes=10)


def verdicts_of(spark: SparkSession, table: str, world: World, policy: Policy = PUBLISHED) -> dict[str, Verdict]:
    """The audit of a table as the world has it; `staged` in the world stands in for the table where it differs."""
    contract = contract_of(table)
    plain = {
        "tally": TALLY,
        "objects": f"source string, {LISTED}",
        "erased": ERASED,
        "expectations": "name string, n bigint",
    }
    views: dict[str, DataFrame] = {c.table: frame(spark, c, *world[c.table]) for c in CONTRACTS}
    views |= {name: _plain_frame(spark, world[name], ddl) for name, ddl in plain.items()}
    views["quarantine"] = views["landing_quarantine"]
    views |= consent_views(contract, views["customer_landing"], policy, lambda: key_frame(spark, PSEUDONYM_KEY))
    views["staged"] = frame(spark, contract, *world["staged"]) if "staged" in world else views[table]
    forgotten = frozenset(keyed_hash(PSEUDONYM_KEY, row["domain"], row["text"]) for row in world["forgotten"])
    suppression = Suppression(PSEUDONYM_KEY, forgotten, forgotten, forgotten)
    if contract.zone == "landing":
        views["rows_of_the_erased"] = rows_of_the_erased(contract, views["staged"], suppression)
    if contract is LANDING_QUARANTINE:
        views["mentions_of_the_erased"] = mentions_of_the_erased(views["staged"], suppression)
    parameters = {**policy.sql_parameters, "max_quarantine_share": "0.3"}
    return {verdict.check: verdict for verdict in Audit(contract, views, parameters).verdicts()}


def _plain_frame(spark: SparkSession, rows: Rows, ddl: str) -> DataFrame:
    names = [part.split()[0] for part in ddl.split(", ")]
    return spark.createDataFrame([tuple(row.get(name) for name in names) for row in rows], ddl)


def drop_row(table: str) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["staged"] = world[table][:-1]

    return seed


def add_row(table: str, **row: Any) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["staged"] = [*world[table], {**world[table][0], **row}]

    return seed


def alter(view: str, place: int, **row: Any) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world[view][place].update(row)

    return seed


def add_to(view: str, **row: Any) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world[view].append({**world[view][0], **row})

    return seed


def forget(domain: str, text: str) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["forgotten"].append({"domain": domain, "text": text})

    return seed


def expect(table: str, rows: int) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world["expectations"] = [{"name": table, "n": rows}]

    return seed
