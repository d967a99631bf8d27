"""Contract of landing_quarantine: everything that arrived and is in no landing table."""

from stedi_assets.contracts.model import Check, Column, Contract
from stedi_assets.contracts.provenance import SOURCE_OBJECT

# What the census found, less what landed and what was dropped with the erased: all else has to be here.
RECOUNT = """
SELECT (SELECT coalesce(sum(objects), 0) FROM tally)
     - (SELECT count(*) FROM customer_landing)
     - (SELECT count(*) FROM accelerometer_landing)
     - (SELECT count(*) FROM step_trainer_landing)
     - (SELECT count(*) FROM erased)
"""

LANDING_QUARANTINE = Contract(
    table="landing_quarantine",
    zone="landing",
    description="What arrived and cannot be a row of a landing table: damaged text, and objects whose fields are "
    "missing or of a wrong type, one row each, with the reason and the raw text. With the three landing "
    "tables it is all that arrived.",
    recount=RECOUNT,
    grain=("source_object", "source_offset"),
    columns=(
        Column("source", "string", "Which source it arrived in: customer, accelerometer or step_trainer."),
        SOURCE_OBJECT,
        Column("source_offset", "bigint", "Where it begins in the (unpacked) object, counted from 0.", unit="bytes"),
        Column("source_bytes", "bigint", "Bytes of the (unpacked) object that it accounts for.", unit="bytes"),
        Column("reason", "string", "Why it is here: damaged, not_an_object, missing, too_long, wrong_type, ..."),
        Column("field", "string", "The contract's field that did not fit; null where no single one.", required=False),
        Column(
            "raw",
            "string",
            "The text as it arrived, its first million characters; bytes that are not UTF-8 stand as \\xNN.",
            personal=True,
        ),
    ),
    checks=(
        Check(
            "erased_mentioned",
            "No record mentions someone who was erased: another customer's may, and stays. Counted: records that do.",
            actual="SELECT count(*) FROM mentions_of_the_erased",
            severity="WARN",
            example="SELECT concat('one begins at byte ', CAST(min(source_offset) AS string), ' of its object') "
            "FROM mentions_of_the_erased",
        ),
    ),
)
